import type { ChannelCore } from './channel-core.ts';
import type { Pending } from './confirms.ts';
import type { Outgoing } from './outgoing.ts';
import { messageOf, PublishError } from './errors.ts';
import { NOBODY } from './replies.ts';
import type { Returned } from './returned.ts';

/** What became of a message. */
export type Confirmation<M extends Outgoing = Outgoing> =
  /** The broker has taken it over. */
  | { readonly kind: 'confirmed'; readonly message: M }
  /** The broker refused it: a queue is full or failed. */
  | { readonly kind: 'nacked'; readonly message: M }
  /** No queue was there for it, and it came back. */
  | { readonly kind: 'returned'; readonly message: M; readonly returned: Returned }
  /** It was written, and no confirm was asked for. */
  | { readonly kind: 'sent'; readonly message: M }
  /**
   * The channel ended first. Where the message was `written`, the broker may have it or may not;
   * where not, it has not.
   */
  | {
    readonly kind: 'unconfirmed'; readonly message: M; readonly written: boolean;
    readonly error: Error;
  };

/** What a confirm means for its message. */
export function confirmationOf(pending: Pending, nacked: boolean): Confirmation {
  const { given: message, returned } = pending;
  if (nacked) return { kind: 'nacked', message };
  if (returned !== undefined) return { kind: 'returned', message, returned };
  return { kind: 'confirmed', message };
}

/** What a promise of the confirmation is rejected with; undefined, where the broker has it. */
export function failureOf(confirmation: Confirmation): PublishError | undefined {
  switch (confirmation.kind) {
    case 'confirmed': case 'sent': return undefined;
    case 'nacked':
      return new PublishError(
        'the broker refused the message: a queue is full or failed', confirmation,
      );
    case 'returned': {
      const { replyText, exchange, routingKey } = confirmation.returned;
      return new PublishError(
        `the message came back: ${replyText} (exchange '${exchange}', key '${routingKey}')`,
        confirmation,
      );
    }
    case 'unconfirmed': {
      const { written, error } = confirmation;
      const what = written ? 'may not have reached' : 'did not reach';
      return new PublishError(`the message ${what} the broker: ${messageOf(error)}`, confirmation);
    }
  }
}

/** Has the channel confirm from here on, where it does not yet; its end says it could not. */
export function selectConfirms(channel: ChannelCore): void {
  if (channel.confirms === undefined) channel.request('confirm.select', {}, NOBODY);
}
