/** The bounds that exist only where there are sockets and a process, with their reasons. */
export const nodeLimits = {
  /** Time between two looks at how late timers are. */
  delaySampleMs: 250,
  /**
   * Largest WebSocket message, which a client may fill with a whole publish. Twice the largest
   * body by default, and where that is set to more twice that, so that one that is
   * somewhat too large still gets the 406 it would get over TCP; beyond, the WebSocket is closed
   * with 1009. WSK-10.
   */
  webSocketMessageBytesMax: 33_554_432,
  /** Pieces one WebSocket message may come in; more: close 1008. */
  webSocketFragmentsMax: 16_384,
  /**
   * Connections that wait for the accept, where the kernel allows as many; beyond, it drops them
   * and clients try again after a second.
   */
  acceptQueueMax: 4096,
  /**
   * Connections whose clients have yet to open them, over all ways in; one more, and the oldest
   * goes. Some thousand clients that come back at once find room; strangers take a hundred
   * megabytes at most.
   */
  strangersMax: 4096,
  /** Time from the accept to connection.open, with TLS and the WebSocket; then it is dropped. */
  strangerMs: 10_000,
  /** Time in which a stranger is not dropped for another one: a handshake takes less. */
  strangerGraceMs: 1000,
  /**
   * Octets that come over a WebSocket before connection.open; more: close 1009. The handshake
   * takes less than a thousand. Over TCP no frame before it may be larger than 4 KiB.
   */
  strangerInputBytesMax: 16_384,
  /** Octets of a header of the PROXY protocol, with all that it may add to the addresses. */
  proxyHeaderBytesMax: 4096,
  /** Memory of one stranger with all that it may have sent, which the memory alarm leaves out. */
  strangerBytes: 32_768,
  /** Shortest time between two lines of the log about strangers that were dropped. */
  strangersLogMs: 10_000,
  /**
   * Passwords from one address (of IPv6: one /64) that may be wrong at once; from then on one may
   * be each `wrongPasswordMs`, and logins from there wait for their turn. It is more than people
   * mistype, and leaves no time to guess.
   */
  wrongPasswordsMax: 10,
  wrongPasswordMs: 1000,
  /** Logins of one address that wait; one more is refused at once. */
  loginsWaitingMax: 1024,
  /** Addresses whose wrong passwords are counted, and users of one whose right one is known. */
  loginNetworksMax: 16_384,
  /** An upstream node that could not be reached comes last for so long. */
  upstreamRetryMs: 5000,
  /** Time for an answer of an issuer of tokens, and the length of any answer that is asked for. */
  fetchMs: 10_000,
  fetchedBytesMax: 1_048_576,
  /** Time for an answer to a command: long lists take theirs. */
  commandMs: 60_000,
  /** An HTTP connection over which nothing moves for so long is dropped. */
  httpIdleMs: 60_000,
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
  /**
   * Bytes of the journal that are checked before a start, the newest first: some seconds' worth.
   * What is beyond, as of a stream with a long history, is checked when it is read.
   */
  journalVerifyBytes: 8_589_934_592,
  /** The same signal again within this time is npm's copy of the one from the terminal. */
  signalCopyMs: 500,
  /** Octets of an answer of the management API below which it is sent as it is. */
  compressedBytesMin: 1024,
} as const;
