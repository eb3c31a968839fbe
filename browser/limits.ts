/** The bounds that exist only in browsers, with their reasons. */
export const browserLimits = {
  /** Time between two looks at what a WebSocket has not sent yet, as no event tells. */
  drainCheckMs: 10,
  /** Size at which the journal of a tab begins its next segment: browsers give less than disks. */
  journalSegmentBytes: 4_194_304,
  /** Bytes of the journal that are checked before a start, the newest first: a moment's worth. */
  journalVerifyBytes: 134_217_728,
  /** Unit in which IndexedDB keeps files: the end of a journal is written again with each batch. */
  blockBytes: 16_384,
  /** How long the data of a broker may still be held by a page that is about to be gone. */
  storageWaitMs: 3000,
  /** How long a host may be silent while somebody waits for it: it is busy, or loads. */
  hostSilenceMs: 30_000,
  /** How often it is asked for a sign of life in that time. */
  hostPingsMax: 3,
  /** Hosts that may go away, one after the other, while a broker is being opened. */
  openAttemptsMax: 5,
} as const;
