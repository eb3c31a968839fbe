import { AmqpError } from '../../../errors.ts';
import { Confirms } from '../../publish/confirms.ts';
import type { ChannelMethods } from '../server-channel.ts';

/** Methods of the class confirm. */
export const confirmMethods: ChannelMethods<'confirm.select'> = {
  /** Has the channel confirm each publish; a channel with transactions: 406. CNF-01. */
  'confirm.select': (channel, { noWait }) => {
    const { publisher } = channel;
    if (publisher.transaction !== undefined) {
      throw new AmqpError('PRECONDITION_FAILED', 'cannot switch from tx to confirm mode');
    }
    publisher.confirms ??= new Confirms(publisher.onConfirmed);
    if (!noWait) channel.send('confirm.select-ok', {});
  },
};
