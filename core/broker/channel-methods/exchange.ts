import { AmqpError } from '../../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { resourceText } from '../reply-text.ts';
import type { ChannelMethods, ServerChannel } from '../server-channel.ts';
import { stripNewlines } from '../names.ts';

/** Methods of the class exchange. */
export const exchangeMethods: ChannelMethods<
  'exchange.declare' | 'exchange.delete' | 'exchange.bind' | 'exchange.unbind'
> = {
  'exchange.declare': (channel, args) => {
    const exchange = stripNewlines(args.exchange);
    refuseDefault(exchange);
    if (args.passive) channel.vhost.exchange(exchange);
    else channel.vhost.declareExchange({ ...args, exchange });
    if (!args.noWait) channel.answer('exchange.declare-ok', {});
  },

  /** A missing exchange is no error. EXC-09. */
  'exchange.delete': (channel, { exchange: name, ifUnused, noWait }) => {
    refuseDefault(name);
    const { vhost } = channel;
    if (name.startsWith('amq.')) {
      const text = resourceText('exchange', name, vhost.name);
      throw new AmqpError('ACCESS_REFUSED', `deletion of system ${text} not allowed`);
    }
    const exchange = vhost.exchanges.get(name);
    if (exchange !== undefined) {
      if (ifUnused && exchange.bindingCount > 0) {
        throw new AmqpError('PRECONDITION_FAILED', `${exchange.text} in use`);
      }
      vhost.removeExchange(exchange);
    }
    if (!noWait) channel.answer('exchange.delete-ok', {});
  },

  /** EXC-10 */
  'exchange.bind': (channel, { source, destination, routingKey, noWait, arguments: table }) => {
    refuseDefault(source);
    refuseDefault(destination);
    const from = channel.vhost.exchange(source);
    channel.vhost.bind(from, channel.vhost.exchange(destination), routingKey, table);
    if (!noWait) channel.answer('exchange.bind-ok', {});
  },

  /** Nothing that is missing is an error. TOP-7. */
  'exchange.unbind': (channel, { source, destination, routingKey, noWait, arguments: table }) => {
    refuseDefault(source);
    refuseDefault(destination);
    const [from, to] = [exchangeAt(channel, source), exchangeAt(channel, destination)];
    if (from !== undefined && to !== undefined) {
      channel.vhost.unbind(from, { destination: to, routingKey, arguments: table });
    }
    if (!noWait) channel.answer('exchange.unbind-ok', {});
  },
};

function exchangeAt(channel: ServerChannel, name: string): Exchange | undefined {
  return channel.vhost.exchanges.get(name);
}

/** EXC-01, EXC-10, EXC-13 */
export function refuseDefault(exchange: string): void {
  if (exchange !== '') return;
  throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}
