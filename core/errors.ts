import { replyCodes, type ReplyCodeName, type ReplyScope } from './protocol/spec.ts';

/**
 * A violation that the peer is told of: channel.close or connection.close with this code.
 * `replyText` is cut to 255 octets on the wire. CON-30.
 */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';
  readonly replyCode: number;
  readonly replyName: ReplyCodeName;
  /** What it ends: the channel, or the whole connection. TOP-1. */
  readonly scope: ReplyScope;
  /** Class and method that failed; 0 and 0 where there is none. */
  readonly classId: number;
  readonly methodId: number;

  readonly #blamed: boolean;

  /** `method` is the one to blame: two zeros where there is none, absent while it is not known. */
  constructor(replyName: ReplyCodeName, text: string, method?: readonly [number, number]) {
    super(text);
    this.#blamed = method !== undefined;
    this.replyName = replyName;
    this.replyCode = replyCodes[replyName].code;
    this.scope = replyCodes[replyName].scope;
    this.classId = method?.[0] ?? 0;
    this.methodId = method?.[1] ?? 0;
  }

  /** The reply text as RabbitMQ writes it: `NOT_FOUND - no queue 'x' in vhost '/'`. CON-30. */
  get replyText(): string {
    return this.message === '' ? this.replyName : `${this.replyName} - ${this.message}`;
  }

  /** The same error, blamed on a method where none was named yet. */
  at(method: readonly [number, number]): AmqpError {
    if (this.#blamed) return this;
    return new AmqpError(this.replyName, this.message, method);
  }
}

/**
 * Thrown by an `Identity` that has to ask elsewhere whether its user may: the same question is to
 * be put to it again once the answer is there.
 */
export class AnswerAwaited extends Error {
  override readonly name = 'AnswerAwaited';
  /** Calls `run` once the answer is known, at the latest when there will be none. */
  readonly whenKnown: (run: () => void) => void;

  constructor(whenKnown: (run: () => void) => void) {
    super('the answer is not known yet');
    this.whenKnown = whenKnown;
  }
}

/** The name of a reply code, or undefined for 200 and codes that AMQP does not know. */
export function replyNameOf(replyCode: number): ReplyCodeName | undefined {
  const names = Object.keys(replyCodes) as ReplyCodeName[];
  return names.find((name) => replyCodes[name].code === replyCode);
}
