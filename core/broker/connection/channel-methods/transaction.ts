import { AmqpError } from '../../../errors.ts';
import type { ChannelMethods, ServerChannel } from '../server-channel.ts';
import { Transaction } from '../../publish/transaction.ts';
import { settleNow } from './settle.ts';

/** Methods of the class tx. */
export const transactionMethods: ChannelMethods<'tx.select' | 'tx.commit' | 'tx.rollback'> = {
  /** Makes the channel transactional; one that confirms: 406. TX-01, CNF-01. */
  'tx.select': (channel) => {
    const { publisher } = channel;
    if (publisher.confirms !== undefined) {
      throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from confirm to tx mode');
    }
    publisher.transaction ??= new Transaction();
    channel.send('tx.select-ok', {});
  },

  /** Publishes, then settlements. TX-04. */
  'tx.commit': (channel) => {
    const transaction = transactionOf(channel);
    const complete = channel.publisher.commit();
    for (const { deliveries, outcome } of transaction.settlements) {
      settleNow(channel, deliveries, outcome);
    }
    transaction.clear();
    // The messages that other queues took are in all the same. TX-05.
    if (!complete) throw new AmqpError('PRECONDITION_FAILED', 'partial tx completion');
    // The answer waits for the disk. TX-06.
    channel.onceCommitted(
      () => channel.send('tx.commit-ok', {}),
      () => channel.fail(
        new AmqpError('PRECONDITION_FAILED', 'the transaction could not be stored'),
      ),
    );
  },

  /** What was settled is unacknowledged again. TX-03. */
  'tx.rollback': (channel) => {
    const transaction = transactionOf(channel);
    channel.unacked.restore(transaction.unsettled);
    transaction.drop(channel.vhost.store);
    channel.send('tx.rollback-ok', {});
  },
};

/** The transaction of a channel; a channel without one: 406. TX-01. */
function transactionOf(channel: ServerChannel): Transaction {
  const { transaction } = channel.publisher;
  if (transaction !== undefined) return transaction;
  throw new AmqpError('PRECONDITION_FAILED', 'channel is not transactional');
}
