/**
 * AMQP 0-9-1 with RabbitMQ's extensions, declared once. Types (types.ts), encoders and decoders
 * (codec.ts), state checks (session/states.ts) and the dissector (dissect.ts) derive from here.
 */

/** Wire form of an argument. `bytes` is a longstr that is not text; `shortstr` is UTF-8. */
export type Domain =
  | 'bit' | 'octet' | 'short' | 'long' | 'longlong' | 'shortstr' | 'longstr' | 'bytes'
  | 'timestamp' | 'table';

/** Who may send a method. */
export type Sender = 'client' | 'server' | 'both';

/** A row of the table of methods. */
export interface MethodSpec {
  /** Class id and method id. */
  readonly id: readonly [number, number];
  readonly from: Sender;
  /** Replies, one of which the peer must give; absent on methods that have no reply. */
  readonly sync?: readonly string[];
  /** The method is followed by a content header and body. */
  readonly content?: true;
  /** Name and domain in wire order; names that start with `reserved` do not reach the types. */
  readonly args: readonly (readonly [string, Domain])[];
}

/** Every method: its ids, its sender, its answers and its arguments, in the order of the wire. */
export const methods = {
  'connection.start': { id: [10, 10], from: 'server', sync: ['connection.start-ok'],
    args: [['versionMajor', 'octet'], ['versionMinor', 'octet'], ['serverProperties', 'table'],
      ['mechanisms', 'longstr'], ['locales', 'longstr']] },
  'connection.start-ok': { id: [10, 11], from: 'client',
    args: [['clientProperties', 'table'], ['mechanism', 'shortstr'], ['response', 'bytes'],
      ['locale', 'shortstr']] },
  'connection.secure': { id: [10, 20], from: 'server', sync: ['connection.secure-ok'],
    args: [['challenge', 'bytes']] },
  'connection.secure-ok': { id: [10, 21], from: 'client', args: [['response', 'bytes']] },
  'connection.tune': { id: [10, 30], from: 'server', sync: ['connection.tune-ok'],
    args: [['channelMax', 'short'], ['frameMax', 'long'], ['heartbeat', 'short']] },
  'connection.tune-ok': { id: [10, 31], from: 'client',
    args: [['channelMax', 'short'], ['frameMax', 'long'], ['heartbeat', 'short']] },
  'connection.open': { id: [10, 40], from: 'client', sync: ['connection.open-ok'],
    args: [['virtualHost', 'shortstr'], ['reserved1', 'shortstr'], ['reserved2', 'bit']] },
  'connection.open-ok': { id: [10, 41], from: 'server', args: [['reserved1', 'shortstr']] },
  'connection.close': { id: [10, 50], from: 'both', sync: ['connection.close-ok'],
    args: [['replyCode', 'short'], ['replyText', 'shortstr'], ['classId', 'short'],
      ['methodId', 'short']] },
  'connection.close-ok': { id: [10, 51], from: 'both', args: [] },
  'connection.blocked': { id: [10, 60], from: 'server', args: [['reason', 'shortstr']] },
  'connection.unblocked': { id: [10, 61], from: 'server', args: [] },
  'connection.update-secret': { id: [10, 70], from: 'client',
    sync: ['connection.update-secret-ok'],
    args: [['newSecret', 'bytes'], ['reason', 'shortstr']] },
  'connection.update-secret-ok': { id: [10, 71], from: 'server', args: [] },

  'channel.open': { id: [20, 10], from: 'client', sync: ['channel.open-ok'],
    args: [['reserved1', 'shortstr']] },
  'channel.open-ok': { id: [20, 11], from: 'server', args: [['reserved1', 'longstr']] },
  'channel.flow': { id: [20, 20], from: 'both', sync: ['channel.flow-ok'],
    args: [['active', 'bit']] },
  'channel.flow-ok': { id: [20, 21], from: 'both', args: [['active', 'bit']] },
  'channel.close': { id: [20, 40], from: 'both', sync: ['channel.close-ok'],
    args: [['replyCode', 'short'], ['replyText', 'shortstr'], ['classId', 'short'],
      ['methodId', 'short']] },
  'channel.close-ok': { id: [20, 41], from: 'both', args: [] },

  'access.request': { id: [30, 10], from: 'client', sync: ['access.request-ok'],
    args: [['realm', 'shortstr'], ['exclusive', 'bit'], ['passive', 'bit'], ['active', 'bit'],
      ['write', 'bit'], ['read', 'bit']] },
  'access.request-ok': { id: [30, 11], from: 'server', args: [['ticket', 'short']] },

  'exchange.declare': { id: [40, 10], from: 'client', sync: ['exchange.declare-ok'],
    args: [['reserved1', 'short'], ['exchange', 'shortstr'], ['type', 'shortstr'],
      ['passive', 'bit'], ['durable', 'bit'], ['autoDelete', 'bit'], ['internal', 'bit'],
      ['noWait', 'bit'], ['arguments', 'table']] },
  'exchange.declare-ok': { id: [40, 11], from: 'server', args: [] },
  'exchange.delete': { id: [40, 20], from: 'client', sync: ['exchange.delete-ok'],
    args: [['reserved1', 'short'], ['exchange', 'shortstr'], ['ifUnused', 'bit'],
      ['noWait', 'bit']] },
  'exchange.delete-ok': { id: [40, 21], from: 'server', args: [] },
  'exchange.bind': { id: [40, 30], from: 'client', sync: ['exchange.bind-ok'],
    args: [['reserved1', 'short'], ['destination', 'shortstr'], ['source', 'shortstr'],
      ['routingKey', 'shortstr'], ['noWait', 'bit'], ['arguments', 'table']] },
  'exchange.bind-ok': { id: [40, 31], from: 'server', args: [] },
  'exchange.unbind': { id: [40, 40], from: 'client', sync: ['exchange.unbind-ok'],
    args: [['reserved1', 'short'], ['destination', 'shortstr'], ['source', 'shortstr'],
      ['routingKey', 'shortstr'], ['noWait', 'bit'], ['arguments', 'table']] },
  // TOP-2: 51, not 41.
  'exchange.unbind-ok': { id: [40, 51], from: 'server', args: [] },

  'queue.declare': { id: [50, 10], from: 'client', sync: ['queue.declare-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['passive', 'bit'], ['durable', 'bit'],
      ['exclusive', 'bit'], ['autoDelete', 'bit'], ['noWait', 'bit'], ['arguments', 'table']] },
  'queue.declare-ok': { id: [50, 11], from: 'server',
    args: [['queue', 'shortstr'], ['messageCount', 'long'], ['consumerCount', 'long']] },
  'queue.bind': { id: [50, 20], from: 'client', sync: ['queue.bind-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['exchange', 'shortstr'],
      ['routingKey', 'shortstr'], ['noWait', 'bit'], ['arguments', 'table']] },
  'queue.bind-ok': { id: [50, 21], from: 'server', args: [] },
  'queue.purge': { id: [50, 30], from: 'client', sync: ['queue.purge-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['noWait', 'bit']] },
  'queue.purge-ok': { id: [50, 31], from: 'server', args: [['messageCount', 'long']] },
  'queue.delete': { id: [50, 40], from: 'client', sync: ['queue.delete-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['ifUnused', 'bit'], ['ifEmpty', 'bit'],
      ['noWait', 'bit']] },
  'queue.delete-ok': { id: [50, 41], from: 'server', args: [['messageCount', 'long']] },
  'queue.unbind': { id: [50, 50], from: 'client', sync: ['queue.unbind-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['exchange', 'shortstr'],
      ['routingKey', 'shortstr'], ['arguments', 'table']] },
  'queue.unbind-ok': { id: [50, 51], from: 'server', args: [] },

  'basic.qos': { id: [60, 10], from: 'client', sync: ['basic.qos-ok'],
    args: [['prefetchSize', 'long'], ['prefetchCount', 'short'], ['global', 'bit']] },
  'basic.qos-ok': { id: [60, 11], from: 'server', args: [] },
  'basic.consume': { id: [60, 20], from: 'client', sync: ['basic.consume-ok'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['consumerTag', 'shortstr'],
      ['noLocal', 'bit'], ['noAck', 'bit'], ['exclusive', 'bit'], ['noWait', 'bit'],
      ['arguments', 'table']] },
  'basic.consume-ok': { id: [60, 21], from: 'server', args: [['consumerTag', 'shortstr']] },
  'basic.cancel': { id: [60, 30], from: 'both', sync: ['basic.cancel-ok'],
    args: [['consumerTag', 'shortstr'], ['noWait', 'bit']] },
  'basic.cancel-ok': { id: [60, 31], from: 'both', args: [['consumerTag', 'shortstr']] },
  'basic.publish': { id: [60, 40], from: 'client', content: true,
    args: [['reserved1', 'short'], ['exchange', 'shortstr'], ['routingKey', 'shortstr'],
      ['mandatory', 'bit'], ['immediate', 'bit']] },
  'basic.return': { id: [60, 50], from: 'server', content: true,
    args: [['replyCode', 'short'], ['replyText', 'shortstr'], ['exchange', 'shortstr'],
      ['routingKey', 'shortstr']] },
  'basic.deliver': { id: [60, 60], from: 'server', content: true,
    args: [['consumerTag', 'shortstr'], ['deliveryTag', 'longlong'], ['redelivered', 'bit'],
      ['exchange', 'shortstr'], ['routingKey', 'shortstr']] },
  'basic.get': { id: [60, 70], from: 'client', sync: ['basic.get-ok', 'basic.get-empty'],
    args: [['reserved1', 'short'], ['queue', 'shortstr'], ['noAck', 'bit']] },
  'basic.get-ok': { id: [60, 71], from: 'server', content: true,
    args: [['deliveryTag', 'longlong'], ['redelivered', 'bit'], ['exchange', 'shortstr'],
      ['routingKey', 'shortstr'], ['messageCount', 'long']] },
  'basic.get-empty': { id: [60, 72], from: 'server', args: [['reserved1', 'shortstr']] },
  'basic.ack': { id: [60, 80], from: 'both',
    args: [['deliveryTag', 'longlong'], ['multiple', 'bit']] },
  'basic.reject': { id: [60, 90], from: 'client',
    args: [['deliveryTag', 'longlong'], ['requeue', 'bit']] },
  'basic.recover-async': { id: [60, 100], from: 'client', args: [['requeue', 'bit']] },
  'basic.recover': { id: [60, 110], from: 'client', sync: ['basic.recover-ok'],
    args: [['requeue', 'bit']] },
  'basic.recover-ok': { id: [60, 111], from: 'server', args: [] },
  'basic.nack': { id: [60, 120], from: 'both',
    args: [['deliveryTag', 'longlong'], ['multiple', 'bit'], ['requeue', 'bit']] },

  'confirm.select': { id: [85, 10], from: 'client', sync: ['confirm.select-ok'],
    args: [['noWait', 'bit']] },
  'confirm.select-ok': { id: [85, 11], from: 'server', args: [] },

  'tx.select': { id: [90, 10], from: 'client', sync: ['tx.select-ok'], args: [] },
  'tx.select-ok': { id: [90, 11], from: 'server', args: [] },
  'tx.commit': { id: [90, 20], from: 'client', sync: ['tx.commit-ok'], args: [] },
  'tx.commit-ok': { id: [90, 21], from: 'server', args: [] },
  'tx.rollback': { id: [90, 30], from: 'client', sync: ['tx.rollback-ok'], args: [] },
  'tx.rollback-ok': { id: [90, 31], from: 'server', args: [] },
} as const satisfies Record<string, MethodSpec>;

/** Properties of the basic class in flag order, the first at bit 15. CON-37. */
export const basicProperties = [
  ['contentType', 'shortstr'], ['contentEncoding', 'shortstr'], ['headers', 'table'],
  ['deliveryMode', 'octet'], ['priority', 'octet'], ['correlationId', 'shortstr'],
  ['replyTo', 'shortstr'], ['expiration', 'shortstr'], ['messageId', 'shortstr'],
  ['timestamp', 'timestamp'], ['type', 'shortstr'], ['userId', 'shortstr'],
  ['appId', 'shortstr'], ['clusterId', 'shortstr'],
] as const satisfies readonly (readonly [string, Domain])[];

/** What an error ends: the channel, or the whole connection. */
export type ReplyScope = 'channel' | 'connection';

/** Reply codes and what each ends. 312 and 313 come with basic.return and end nothing. TOP-1. */
export const replyCodes = {
  CONTENT_TOO_LARGE: { code: 311, scope: 'channel' },
  NO_ROUTE: { code: 312, scope: 'channel' },
  NO_CONSUMERS: { code: 313, scope: 'channel' },
  ACCESS_REFUSED: { code: 403, scope: 'channel' },
  NOT_FOUND: { code: 404, scope: 'channel' },
  RESOURCE_LOCKED: { code: 405, scope: 'channel' },
  PRECONDITION_FAILED: { code: 406, scope: 'channel' },
  CONNECTION_FORCED: { code: 320, scope: 'connection' },
  INVALID_PATH: { code: 402, scope: 'connection' },
  FRAME_ERROR: { code: 501, scope: 'connection' },
  SYNTAX_ERROR: { code: 502, scope: 'connection' },
  COMMAND_INVALID: { code: 503, scope: 'connection' },
  CHANNEL_ERROR: { code: 504, scope: 'connection' },
  UNEXPECTED_FRAME: { code: 505, scope: 'connection' },
  RESOURCE_ERROR: { code: 506, scope: 'connection' },
  NOT_ALLOWED: { code: 530, scope: 'connection' },
  NOT_IMPLEMENTED: { code: 540, scope: 'connection' },
  INTERNAL_ERROR: { code: 541, scope: 'connection' },
} as const satisfies Record<string, { code: number; scope: ReplyScope }>;

/** The name of a reply code, such as `NOT_FOUND`. */
export type ReplyCodeName = keyof typeof replyCodes;

/** First octet of a frame. */
export const frameTypes = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** Last octet of every frame. */
export const FRAME_END = 0xce;

/** Octets of a frame around its payload: type, channel, size; and the end. */
export const FRAME_HEADER_BYTES = 7;
/** The octets before a payload, and the one behind it. */
export const FRAME_OVERHEAD_BYTES = 8;

/** What a client says first: AMQP, then 0-0-9-1. CON-01. */
export const PROTOCOL_HEADER = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

/** Queue name that stands for the direct reply-to pseudo-queue. BAS-06. */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
