import { wireLimits } from './protocol/limits.ts';

/**
 * Every bound of the broker, with its reason. Bytes and counts, milliseconds where named so.
 * What a client meets when it goes beyond one stands beside each. Only the size at which a list
 * grows, or gives memory back, stands in the file of the list.
 */
export const limits = {
  ...wireLimits,
  /**
   * Time for a link to an upstream node; then the next one is tried. A client waits some 10 s for
   * its connection, in which three nodes find room.
   */
  upstreamDialMs: 3000,
  /** Size of a segment of the message store. */
  segmentBytes: 1_048_576,
  /** Messages larger than this get a segment of their own, so that none wastes much of another. */
  sharedRecordBytesMax: 262_144,
  /** Free segments that are kept for reuse. */
  spareSegmentsMax: 4,
  /**
   * Bytes that may lie dead in segments before live messages are moved together, where there are
   * more of them than live ones: to move costs, and a short queue has few.
   */
  deadBytesMax: 16_777_216,
  /** Size at which the journal begins its next segment; a larger record has one to itself. */
  journalSegmentBytes: 16_777_216,
  /** Size of the buffers in which the journal collects a batch; they grow as they must. */
  journalBatchBytes: 1_048_576,
  /** A buffer that grew beyond this is not kept for the next batch; and one of a single group. */
  journalBatchKeptBytesMax: 4_194_304,
  journalGroupKeptBytesMax: 1_048_576,
  /**
   * Bytes that may wait for the disk; above, connections that publish are not read until half of
   * it is durable. Less than the reserve, in which what waits when the disk is full finds room.
   */
  journalPendingBytesMax: 8_388_608,
  /**
   * Space that a disk must have left, or this share of a small one, or it counts as full: then
   * there is room still to write acknowledgements and what compaction moves, which make room.
   */
  journalReserveBytes: 67_108_864,
  journalReserveShare: 0.25,
  /** Bytes the journal writes until it asks again how much space is left. */
  journalSpaceCheckBytes: 1_048_576,
  /** How long the journal waits before it tries a full disk again. */
  journalRetryMs: 1000,
  /** Bytes the journal reads at once; at most, where it goes on; in all that it keeps. */
  journalReadBytes: 262_144,
  journalReadAheadBytes: 1_048_576,
  journalReadKeptBytesMax: 33_554_432,
  /**
   * Bytes of answers that may wait for a client that does not read, or for the disk, beyond what
   * the transport has; above, nothing is read from it until they are gone.
   */
  unreadAnswerBytesMax: 1_048_576,
  /**
   * Work of one turn, after which others come first: 5 ms or so on a slow machine, so that timers
   * and sockets wait no longer. An enqueue counts 1; `turn/work.ts` says what the rest counts.
   */
  turnWork: 16_384,
  /** Share of that for each of several that have work: large enough that the writes pay. */
  turnShare: 0.25,
  /** Shares that somebody may be behind, for work that could not be cut, before it is forgiven. */
  turnDebtShares: 64,
  /** Messages of one publisher that queues take at once; more come to them in several parts. */
  runMessagesMax: 256,
  /** Messages that one reader of a stream gets before it is the turn of the next. */
  streamRunMessagesMax: 256,
  /** Deliveries that are settled in one turn; more of them go on in later ones. */
  settledAtOnceMax: 1024,
  /** Octets that are written in the time of an enqueue. */
  octetsPerWork: 1024,
  /** Time between two samples of all counts, and how long samples go on when nobody asks. */
  statisticsIntervalMs: 5000,
  statisticsIdleMs: 3_600_000,
  /** Memory that samples take at most; beyond, fewer of them are kept. */
  statisticsBytesMax: 67_108_864,
  /**
   * Pairs of a channel and a queue or exchange that have counts of their own, in a whole broker,
   * some 20 MB; beyond, the counts of queues, exchanges and channels alone go on.
   */
  talliesMax: 100_000,
  /** How long a connection still shows as one in flow after it had to wait. */
  flowShownMs: 1000,
  /** Largest body of one message as RabbitMQ 3 has it by default. BAS-01. */
  largeMessageBytesMax: 134_217_728,
  /** Largest body of one message where there is a journal: with its head it is one record. */
  durableMessageBytesMax: 535_822_336,
  /**
   * Bytes of messages that one connection may have begun on its channels and not ended, or twice
   * the largest body where that is more; beyond: 311 on the channel that went there.
   */
  unfinishedBytesMax: 134_217_728,
  /** How long a broker that stops waits for clients to say close-ok. */
  stopMs: 5000,
  /** Octets of a body that an event of the trace carries; the rest is in the queue. */
  tracedBodyBytesMax: 16_384,
  /** How long a client that cannot be told waits after a wrong password, as with RabbitMQ. */
  silentRefusalMs: 3000,
  /** How long a dead letter that nobody took waits until it is tried again. QUE-29. */
  deadLetterRetryMs: 1000,
  /** Consumers on one channel; one more: 530. BAS-13. */
  consumersPerChannelMax: 65_535,
  /** The share of the most memory below which the memory alarm ends; it keeps it from flapping. */
  memoryAlarmEndsBelow: 0.9,
  /**
   * The share of the memory at which the alarm begins that exchanges, queues and bindings may take;
   * more of them: 406. They come back with each start, and must leave room for messages.
   */
  definitionMemoryShare: 0.5,
  /** Virtual hosts; one more cannot be made: 530, or 400 over HTTP. */
  vhostsMax: 1024,
  /** Connections to one broker; one more: 530 in answer to connection.open. CON-17. */
  connectionsMax: 65_536,
  /** Exchanges of one virtual host; one more: 406. EXC-11. */
  exchangesMax: 65_536,
  /** Queues of one virtual host; one more: 406. QUE-12. */
  queuesMax: 1_048_576,
  /** Bindings of one exchange as source; one more: 406. */
  bindingsMax: 1_048_576,
  /** Messages and acknowledgements one transaction may hold; one more: 406. */
  transactionOperationsMax: 1_048_576,
  /** Bytes of messages one transaction may hold; more: 406. */
  transactionBytesMax: 268_435_456,
  /** Bytes of the journal that nobody looks through for what is dead. */
  journalBytesKept: 33_554_432,
  /** Bytes of the journal, for each byte of messages in it, at which it is compacted. */
  journalBytesPerLiveByte: 2,
  /** Bytes of full segments of streams that stay in memory, where the journal has them too. */
  streamResidentBytes: 67_108_864,
  /** Pieces of a segment of a stream in the journal; with more, a full one is written as one. */
  streamChunksMax: 16,
  /** Bytes of messages that have to be settled before somebody looks what is dead. */
  compactionSettledBytes: 1_048_576,
  /** Bytes of live messages that are moved at once when a segment is to be dropped. */
  compactionGroupBytes: 1_048_576,
  /** Bytes of persistent messages in memory; beyond, long queues have theirs on disk alone. */
  residentBytesMax: 67_108_864,
  /** How much of that is brought back at a start: the rest when it is due. */
  residentBytesAtStart: 8_388_608,
  /** Messages of one queue that are soon delivered, and so stay in memory. */
  residentMessagesPerQueue: 1024,
  /** Bytes that are brought back from the disk at once for somebody who looks at a queue. */
  lentBytesMax: 16_777_216,
  /** Entries of the route cache of one virtual host. */
  cachedRoutesMax: 16_384,
  /** How long a delivery may stay unacknowledged, by default. BAS-27. */
  consumerTimeoutMs: 1_800_000,
  /** Longest x-expires. QUE-13. */
  expiresMsMax: 315_360_000_000,
  /** Messages a delayed exchange may hold back; one more is refused as a full queue would. */
  delayedMessagesMax: 1_048_576,
  /** Messages an x-recent-history exchange keeps, at most. */
  recentHistoryMax: 10_000,
  /** Total weight of the bindings of an x-consistent-hash exchange to one destination. TYP-05. */
  hashWeightMax: 10_000,
  /**
   * Messages that one may become by being dead-lettered to several queues, from there to several
   * again, and so on, with no consumer that rejects it in between; what would be more ends there.
   * Twelve queues that dead-letter to each other would make half a billion of one.
   */
  deadLetterCopiesMax: 65_536,
  /**
   * Entries of x-death that a message may have; beyond it ends: each death writes all of them, and
   * a client that publishes such a message anew sends them, as far as `fieldCountMax` goes.
   */
  deadLetterHopsMax: 1024,
  /** Shortest time between two events of a virtual host about messages that ended so. */
  deadLetterLimitEventMs: 1000,
  /** Steps that are looked at for a cycle of dead-lettering when a queue is declared or bound. */
  deadLetterSearchMax: 1024,
  /** Deliveries of one message from a quorum queue, by default. QUE-29. */
  deliveryLimit: 20,
  /**
   * Users, permissions, policies and the like, of each kind: they stay in memory, and each
   * checkpoint of the journal has all of them. One more: refused, 400 over HTTP.
   */
  settingsPerKindMax: 262_144,
  /** Items that one import of definitions may have; more: refused before anything is done, 400. */
  importItemsMax: 100_000,
  /** Letters of a pattern in permissions or policies; more: refused, 400 over HTTP. */
  patternLettersMax: 4096,
  /**
   * Steps of a pattern that a list is filtered by, each of which may be looked at once a letter
   * of a name; more (`(a{99}){99}`): refused, 400 over HTTP.
   */
  patternStatesMax: 512,
  /** What one channel remembers that its user may do; it is asked for again beyond that. */
  allowedNamesMax: 1024,
  /** Octets of a token of OAuth 2; a longer one is refused. */
  tokenBytesMax: 12_288,
  /**
   * Largest frame before it is tuned where clients log in by tokens, which stand in one. It is
   * within what a stranger may send.
   */
  tokenFrameBytesMax: 16_384,
  /** How long keys of an issuer of tokens are believed before it is asked again. */
  issuerKeysMs: 300_000,
  /** Shortest time between two questions for its keys, whatever keys tokens name. */
  issuerKeysPauseMs: 10_000,
  /** Keys that one issuer may have. */
  issuerKeysMax: 256,
  /** Answers of an authorization server that are kept; beyond, the oldest is asked for again. */
  askedAnswersMax: 4096,
  /** Questions to an authorization server that wait for their answer; one more is refused. */
  questionsMax: 256,
  /** Items of one page of a list of the management API, as RabbitMQ has it; more: 400. */
  pageItemsMax: 500,
  /**
   * Items of a list of the management API that are worked out at once: a millisecond or so, after
   * which the broker has its turn.
   */
  listSliceItems: 64,
  /** Events that wait for a reader of `/api/events`; beyond, the stream ends. */
  eventsUnreadMax: 4096,
  /** Time between two comments in a stream of events: no server takes it for idle. */
  eventBeatMs: 15_000,
  /** Octets of the body of one request of the management API; more: 413. */
  apiBodyBytesMax: 67_108_864,
  /** Sessions of pages of the management API; one more ends the oldest. */
  apiSessionsMax: 1024,
  /** How long a session of a page lasts that nobody uses. */
  apiSessionMs: 28_800_000,
  /** Patterns of permissions that are kept compiled. */
  compiledPatternsMax: 4096,
} as const;
