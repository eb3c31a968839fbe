import type { AmqpError } from '../errors.ts';
import { methodById } from '../protocol/codec.ts';
import type { ReplyCodeName } from '../protocol/spec.ts';
import type { MethodName } from '../protocol/types.ts';
import type { Confirmation } from './confirmation.ts';

/**
 * What an error ended: nothing but the work on one message, one consumer, one channel with all that
 * is on it, or the connection.
 */
export type ErrorScope = 'message' | 'consumer' | 'channel' | 'connection';

/** What any Observable of the client fails with, but for mistakes in what it was given. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly scope: ErrorScope;

  constructor(scope: ErrorScope, text: string, options?: { readonly cause?: unknown }) {
    super(text, options);
    this.scope = scope;
  }
}

/** One side closed the channel or the connection with a reply code. TOP-1. */
export class ReplyError extends ClientError {
  override readonly name: string = 'ReplyError';
  /** Such as 404; 200, where the broker closed a connection without giving a reason. */
  readonly replyCode: number;
  readonly replyName: ReplyCodeName | undefined;
  /** As the broker wrote it, such as `NOT_FOUND - no queue 'x' in vhost '/'`. */
  readonly replyText: string;
  /** The method that the broker blames, where it blames one. */
  readonly method: MethodName | undefined;
  /** Who closed: the broker, or this client because the broker broke the protocol. */
  readonly by: 'broker' | 'client';

  constructor(scope: 'channel' | 'connection', by: 'broker' | 'client', error?: AmqpError) {
    const method = methodById(error?.classId ?? 0, error?.methodId ?? 0)?.name;
    const code = error?.replyCode ?? 200;
    const replyText = error?.replyText ?? 'closed without a reason';
    const blamed = method === undefined ? '' : ` (${method})`;
    super(scope, `${scope} closed by the ${by}: ${code} ${replyText}${blamed}`);
    this.replyCode = code;
    this.replyName = error?.replyName;
    this.replyText = replyText;
    this.method = method;
    this.by = by;
  }
}

/** The connection ended without a reply code: lost, silent, or never AMQP 0-9-1 at all. */
export class LostError extends ClientError {
  override readonly name: string = 'LostError';

  constructor(text: string, options?: { readonly cause?: unknown }) {
    super('connection', text, options);
  }
}

/** The broker cancelled a consumer, mostly because its queue was deleted. BAS-16. */
export class CancelledError extends ClientError {
  override readonly name: string = 'CancelledError';
  readonly consumerTag: string;

  constructor(consumerTag: string, queue: string) {
    super('consumer', `the broker cancelled consumer '${consumerTag}' of queue '${queue}'`);
    this.consumerTag = consumerTag;
  }
}

/** An awaited message that the broker refused, gave back, or was not heard to have taken over. */
export class PublishError extends ClientError {
  override readonly name: string = 'PublishError';
  /** What an Observable emits in its place. */
  readonly confirmation: Confirmation;

  constructor(text: string, confirmation: Confirmation) {
    const cause = confirmation.kind === 'unconfirmed' ? confirmation.error : undefined;
    super('message', text, cause && { cause });
    this.confirmation = confirmation;
  }
}

/** What a WorkError tells of its delivery. */
interface Worked {
  readonly queue: string;
  readonly consumerTag: string;
  readonly deliveryTag: number;
}

/** Work on a delivery failed, and nobody asked to hear of it; `cause` is what it failed with. */
export class WorkError extends ClientError {
  override readonly name: string = 'WorkError';
  /** '' where the consumer has ended, or the message was fetched. */
  readonly queue: string;
  readonly deliveryTag: number;

  constructor(cause: unknown, { queue, consumerTag, deliveryTag }: Worked, requeued: boolean) {
    const fate = requeued ? 'goes back to its queue' : 'is given up';
    super('message', `work on delivery ${deliveryTag} of queue '${queue}' (consumer ` +
      `'${consumerTag}') failed, and the message ${fate}: ${messageOf(cause)}`, { cause });
    this.queue = queue;
    this.deliveryTag = deliveryTag;
  }
}

/** Whoever would have the connection longer is told how. */
export function closedError(): ClientError {
  return new ClientError('connection', 'the connection is closed: it lasts until whoever ' +
    'subscribed to it unsubscribes, as firstValueFrom and take(1) do at once; ' +
    'connect(...).open() gives one that lasts until close()');
}

/** A URI or options that cannot be understood. Nothing was tried. */
export class UriError extends Error {
  override readonly name = 'UriError';
}

/** A method or message that cannot be put on the wire. Nothing of it was sent. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** Whether a new connection may help, as it does not against refused methods or bad arguments. */
export function endsConnection(error: unknown): error is ClientError {
  return error instanceof ClientError && error.scope === 'connection';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
