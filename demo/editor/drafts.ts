/** Code that was changed and does not run yet, by the name of its client. */
import { BehaviorSubject } from 'rxjs';
import type { ClientLibrary, ClientSpec } from '../port/client-host.ts';
import { scenario$ } from '../shell/open-scenario.ts';

export interface Draft {
  readonly code: string;
  readonly library: ClientLibrary;
}

export const drafts$ = new BehaviorSubject<ReadonlyMap<string, Draft>>(new Map());

// The clients of another scenario are others, whatever they are called.
scenario$.subscribe(() => drafts$.next(new Map()));

/** Keeps what differs from the code that runs. */
export function keepDraft({ name, code, library }: ClientSpec, draft: Draft): void {
  const drafts = new Map(drafts$.value);
  if (draft.code === code && draft.library === library) drafts.delete(name);
  else drafts.set(name, draft);
  drafts$.next(drafts);
}

export function dropDraft(name: string): void {
  const drafts = new Map(drafts$.value);
  if (drafts.delete(name)) drafts$.next(drafts);
}
