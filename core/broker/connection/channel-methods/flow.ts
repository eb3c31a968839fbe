import { AmqpError } from '../../../errors.ts';
import type { ChannelMethods } from '../server-channel.ts';

/** Methods of the classes channel and access. */
export const flowMethods: ChannelMethods<'channel.flow' | 'channel.flow-ok' | 'access.request'> = {
  /** Deliveries to the channel stop and go on. CHN-02. */
  'channel.flow': (channel, { active }) => {
    if (!active && channel.vhost.compatibility.flow === 'refuse') {
      throw new AmqpError('NOT_IMPLEMENTED', 'active=false');
    }
    channel.gate.setFlow(active);
    channel.send('channel.flow-ok', { active });
  },

  /** The server never asks for it, so there is nothing to do. */
  'channel.flow-ok': () => {},

  /** From AMQP 0-9: every ticket is the same. CHN-04. */
  'access.request': (channel) => channel.send('access.request-ok', { ticket: 1 }),
};
