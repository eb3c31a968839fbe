/**
 * The bounds of the protocol, which client and broker keep alike, each with its reason. They stand
 * apart from those of the broker, which no page with only the client should have to load.
 */
export const wireLimits = {
  /** Smallest frame_max that a peer may negotiate; beyond: 530. TOP-3. */
  frameBytesMin: 4096,
  /** frame_max offered in connection.tune. CON-13. */
  frameBytesMax: 131_072,
  /**
   * Largest content header that a client takes from its broker, whatever frame_max is: brokers
   * send one whole that grew, as by x-death, and a client that refused it could never have the
   * messages behind it. Larger: 501, and the client closes the connection.
   */
  receivedHeaderBytesMax: 4_194_304,
  /**
   * Connections in a row that end with the same reply soon after they were open, by default; then
   * a client that connects again by itself fails with it.
   */
  sameEndsMax: 5,
  /**
   * Messages that a publisher of a client keeps while there is no connection, by default: a broker
   * that stays away must not take the program's memory. One more is given back unwritten.
   */
  waitingMessagesMax: 65_536,
  /** channel_max offered in connection.tune; one channel more: 530. CON-13, CON-27. */
  channelsMax: 2047,
  /** Heartbeat offered in connection.tune, in seconds. CON-13. */
  heartbeatSeconds: 60,
  /** Time from the first byte to connection.open-ok; then the link is dropped. CON-02. */
  handshakeMs: 10_000,
  /** How long we wait for close-ok before the link is dropped. */
  closeMs: 10_000,
  /** How long a client may take to hang up after close-ok, before the server does. CON-31. */
  hangUpMs: 1000,
  /** How long a peer may take to read the rest and close, after which its socket is destroyed. */
  lingerMs: 5000,
  /** Largest body of one message, by default; larger: 406 on the channel. BAS-01. */
  messageBytesMax: 16_777_216,
  /** Largest body-size that a content header may announce at all; larger: 501. CON-23. */
  bodyBytesMax: 536_870_912,
  /**
   * Body frames one message may be cut into, or as many of the smallest size as it needs where
   * those are more; zero-length ones count. More: 501.
   */
  bodyFramesMax: 16_384,
  /** Nesting of field tables and arrays; deeper: 502. */
  fieldDepthMax: 32,
  /**
   * Values in one field table, all levels together; more: 502. A message that was dead-lettered as
   * often as may be has some nine for each death, and may be published anew.
   */
  fieldCountMax: 16_384,
  /** Size of one output batch; also the unit of the buffer pool. */
  outputBatchBytes: 65_536,
  /** Output buffers kept for reuse. */
  pooledBuffersMax: 64,
  /** Unsent bytes at which a transport reports that it is no longer writable. */
  unsentBytesMax: 1_048_576,
} as const;
