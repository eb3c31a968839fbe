import { AmqpError } from '../../../errors.ts';
import { resourceText } from '../../reply-text.ts';
import type { ChannelMethods } from '../server-channel.ts';
import { stripNewlines } from '../../names.ts';
import { checkNotDefault, permitBinding, permitExchangeDeclare } from '../../permitted.ts';

/** Methods of the class exchange. */
export const exchangeMethods: ChannelMethods<
  'exchange.declare' | 'exchange.delete' | 'exchange.bind' | 'exchange.unbind'
> = {
  'exchange.declare': (channel, args) => {
    const exchange = exchangeName(args.exchange);
    const { vhost, guard } = channel;
    if (args.passive) vhost.exchange(exchange);
    else {
      permitExchangeDeclare(guard, vhost, exchange, args.type, args.arguments);
      vhost.declareExchange({ ...args, exchange });
    }
    if (!args.noWait) channel.answer('exchange.declare-ok', {});
  },

  /** A missing exchange is no error. EXC-09. */
  'exchange.delete': (channel, { exchange: given, ifUnused, noWait }) => {
    const name = exchangeName(given);
    const { vhost } = channel;
    if (name.startsWith('amq.')) {
      const text = resourceText('exchange', name, vhost.name);
      throw new AmqpError('ACCESS_REFUSED', `deletion of system ${text} not allowed`);
    }
    channel.guard.exchange('configure', name);
    const exchange = vhost.exchanges.get(name);
    if (exchange !== undefined) {
      if (ifUnused && exchange.bindingCount > 0) {
        throw new AmqpError('PRECONDITION_FAILED', `${exchange.text} in use`);
      }
    }
    channel.afterWork((done) => {
      if (exchange === undefined) done();
      else vhost.removeExchange(exchange, done);
    }, () => {
      if (!noWait) channel.answer('exchange.delete-ok', {});
    });
  },

  /** Binds one exchange to another; one that is missing: 404. EXC-10. */
  'exchange.bind': (channel, { routingKey, noWait, arguments: table, ...args }) => {
    const { vhost, guard } = channel;
    const [source, destination] = [stripNewlines(args.source), stripNewlines(args.destination)];
    permitBinding(guard, vhost, { kind: 'exchange', name: destination }, source, routingKey);
    vhost.bind(vhost.exchange(source), vhost.exchange(destination), routingKey, table);
    if (!noWait) channel.answer('exchange.bind-ok', {});
  },

  /** Nothing that is missing is an error. TOP-7. */
  'exchange.unbind': (channel, { routingKey, noWait, arguments: table, ...args }) => {
    const { vhost, guard } = channel;
    const { exchanges } = vhost;
    const [source, destination] = [stripNewlines(args.source), stripNewlines(args.destination)];
    permitBinding(guard, vhost, { kind: 'exchange', name: destination }, source, routingKey);
    const [from, to] = [exchanges.get(source), exchanges.get(destination)];
    if (from !== undefined && to !== undefined) {
      vhost.unbind(from, { destination: to, routingKey, arguments: table });
    }
    if (!noWait) channel.answer('exchange.unbind-ok', {});
  },
};

/** The exchange that a method means, without newlines; the default one: 403. EXC-01, EXC-13. */
export function exchangeName(given: string): string {
  const name = stripNewlines(given);
  checkNotDefault(name);
  return name;
}
