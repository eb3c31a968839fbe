/** The bounds that exist only where there are sockets and a process, with their reasons. */
export const nodeLimits = {
  /**
   * Largest WebSocket message, which a client may fill with a whole publish. Twice the largest
   * body, so that one that is somewhat too large still gets the 406 it would get over TCP; beyond,
   * the WebSocket is closed with 1009. WSK-10.
   */
  webSocketMessageBytesMax: 33_554_432,
  /** Pieces one WebSocket message may come in; more: close 1008. */
  webSocketFragmentsMax: 16_384,
  /** All headers of one HTTP request; more: 431. */
  httpHeaderBytesMax: 16_384,
  /** How often an HTTP server looks for peers that are late with their request. */
  httpCheckMs: 1000,
  /** Silence on an established TCP connection before the kernel asks whether the peer lives. */
  keepAliveMs: 30_000,
  /** How often a free port is looked for when one that is free on one host is taken on another. */
  freePortAttemptsMax: 16,
  /** Time between two looks at the memory in use. */
  memoryCheckMs: 100,
  /** Shortest time between two collections of garbage that tell what is really in use. */
  memoryCollectMs: 1000,
  /** The share of the watermark below which the memory alarm ends; it keeps it from flapping. */
  memoryAlarmEndsBelow: 0.9,
  /**
   * Bytes of the journal that are checked before a start, the newest first: some seconds' worth.
   * What is beyond, as of a stream with a long history, is checked when it is read.
   */
  journalVerifyBytes: 8_589_934_592,
  /** The same signal again within this time is npm's copy of the one from the terminal. */
  signalCopyMs: 500,
} as const;
