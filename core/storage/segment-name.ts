const NAME = /^(\d{10})\.segment$/;

/** Whether a file of a journal's directory is one of its segments. */
export function isSegmentName(name: string): boolean {
  return NAME.test(name);
}

/** The file of a segment. */
export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.segment`;
}

/** The number of the segment that a file is; NaN where it is none. */
export function numberOfSegment(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}
