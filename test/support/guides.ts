/** The programs in the guides, which stand in Markdown. */
import type { ProjectFile } from '../tidy/files.ts';

export interface GuideProgram {
  readonly path: string;
  /** Of the section in which it stands. */
  readonly heading: string;
  readonly code: string;
}

/** Every block of JavaScript or TypeScript in a guide. */
export function programsOf({ path, text }: ProjectFile): GuideProgram[] {
  return text.split(/^#+ (?=[^\n]*\n\n)/m).flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const blocks = section.matchAll(/^```(?:js|ts)\n(.*?)^```/gms);
    return [...blocks].map(([, code]) => ({ path, heading, code: code! }));
  });
}
