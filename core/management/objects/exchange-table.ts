import type { Exchange } from '../../broker/exchange/exchange.ts';
import { flags, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { messageStats } from './rates.ts';

/** An exchange as RabbitMQ's API shows it. */
export const exchangeTable = new Table<Exchange>('exchange', {
  name: texts(({ name }) => name),
  vhost: texts(({ vhost }) => vhost.name),
  type: texts(({ options }) => options.type),
  durable: flags(({ options }) => options.durable),
  auto_delete: flags(({ options }) => options.autoDelete),
  internal: flags(({ options }) => options.internal),
  arguments: objects(({ options }) => options.arguments),
  ...messageStats(),
  policy: texts(({ effective }) => effective?.policy?.name),
  user_who_performed_action: texts(({ name }) => (
    name === '' || name.startsWith('amq.') ? 'rmq-internal' : '')),
});

/** One exchange alone, with why it does what it does. */
export const wholeExchangeTable = exchangeTable.with({
  why: objects((exchange, { broker }) => (
    broker.vhosts.get(exchange.vhost.name)?.appliedPolicies.explain(exchange))),
});
