import { limits } from '../../limits.ts';
import { locateProperty, propertyFlags } from '../../protocol/raw-properties.ts';
import { DIRECT_REPLY_TO } from '../../protocol/spec.ts';
import type { FieldValue } from '../../protocol/types.ts';
import { preconditionFailed } from '../definition/argument-checks.ts';
import { frameEnd, type MessageBytes } from './bytes.ts';
import { MARK_BCC, MARK_PERSISTENT, MARK_TRANSIENT } from './store.ts';
import type { Rewriting } from './rewriting.ts';
import { flagsOf, MessageProperties } from './properties.ts';
import { stringTerm, typeName } from '../reply-text.ts';

/** What the properties of a publish ask of the broker. */
export interface PublishOptions {
  /** Milliseconds; Infinity: none. QUE-15. */
  readonly timeToLive: number;
  /** Further routing keys, of CC and BCC. BAS-04. */
  readonly otherKeys: readonly string[];
  /** What the message is to differ in from what came, where it is. */
  readonly rewriting: Rewriting | undefined;
  /** What the store is to remember of the message. */
  readonly marks: number;
}

/** Who publishes. */
export interface PublishContext {
  readonly user: string;
  /** May set any user-id. BAS-05. */
  readonly impersonator: boolean;
  /** Address of the channel's direct reply-to consumer. BAS-06. */
  readonly replyAddress: string | undefined;
}

/** Properties that the broker has to look at. */
const LOOKED_AT = propertyFlags.headers | propertyFlags.replyTo | propertyFlags.expiration |
  propertyFlags.userId;

/**
 * Checks the properties of a publish in RabbitMQ's order; what is wrong: 406. BAS-01. Nothing is
 * decoded that the broker does not need; undefined where the message asks for nothing.
 */
export function publishOptions(
  message: MessageBytes, context: PublishContext,
): PublishOptions | undefined {
  const { block, contentStart } = message;
  if ((block.view.getUint16(flagsOf(contentStart)) & LOOKED_AT) === 0) return undefined;
  const properties = new MessageProperties(block, contentStart);
  const replies = properties.text('replyTo') === DIRECT_REPLY_TO;
  if (replies && context.replyAddress === undefined) {
    throw preconditionFailed('fast reply consumer does not exist');
  }
  const timeToLive = parseExpiration(properties.text('expiration'));
  const copies = properties.header('CC');
  const hidden = properties.header('BCC');
  const otherKeys = [...keysOf('CC', copies), ...keysOf('BCC', hidden)];
  checkUserId(properties.text('userId'), context);
  if (timeToLive === Infinity && otherKeys.length === 0 && !replies && hidden === undefined) {
    return undefined;
  }
  const rewriting = replies ? { replyTo: context.replyAddress! } : undefined;
  const marks = hidden === undefined ? 0 : MARK_BCC;
  return { timeToLive, otherKeys, rewriting, marks };
}

/** Whether the delivery mode of a message is 2. BAS-07. */
export function hasPersistentMode({ block, contentStart }: MessageBytes): boolean {
  const flagsAt = flagsOf(contentStart);
  if ((block.view.getUint16(flagsAt) & propertyFlags.deliveryMode) === 0) return false;
  const end = frameEnd(block, contentStart) - 1;
  const located = locateProperty(block, flagsAt, end, 'deliveryMode');
  return located !== undefined && block.bytes[located.start] === 2;
}

/**
 * The marks by which the journal can keep a message: it is persistent, or it goes to a queue that
 * has a record of each message, `keepsEach`. 0: nothing keeps it. BAS-07, QUE-29.
 */
export function keepingMarks(message: MessageBytes, keepsEach: boolean): number {
  if (hasPersistentMode(message)) return MARK_PERSISTENT;
  return keepsEach ? MARK_PERSISTENT | MARK_TRANSIENT : 0;
}

/** Milliseconds until a message expires; text that is no whole number: 406. QUE-15. */
function parseExpiration(text: string | undefined): number {
  if (text === undefined) return Infinity;
  const ms = /^-?\d+$/.test(text) ? Number(text) : undefined;
  if (ms !== undefined && ms >= 0 && ms <= limits.expiresMsMax) return ms;
  const reason = ms === undefined ? 'no_integer'
    : ms < 0 ? `{value_negative,${ms}}` : `{value_too_large,${ms}}`;
  throw preconditionFailed(`invalid expiration '${text}': ${reason}`);
}

/** Whether a message names the user who logged in, or nobody; else 406. BAS-05. */
function checkUserId(userId: string | undefined, { user, impersonator }: PublishContext): void {
  if (userId === undefined || userId === user || impersonator) return;
  const text = `user_id property set to '${userId}' but authenticated user was '${user}'`;
  throw preconditionFailed(text);
}

/** Further routing keys of a message; a header that is no array: 406. BAS-04. */
function keysOf(header: 'CC' | 'BCC', value: FieldValue | undefined): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    const reason = `{unacceptable_type_in_header,${stringTerm(header)},${typeName(value)}}`;
    throw preconditionFailed(`invalid message: ${reason}`);
  }
  return value.filter((key): key is string => typeof key === 'string');
}
