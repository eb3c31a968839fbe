import * as v from 'valibot';
import { checkLength } from '../../broker/names.ts';
import { permitExchangeDeclare } from '../../broker/permitted.ts';
import type { Exchange } from '../../broker/exchange/exchange.ts';
import { settlePublishes } from '../../broker/stats.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { AmqpError } from '../../errors.ts';
import { done, put } from '../answer.ts';
import { badRequest, channelRefusalOf, notAuthorised } from '../api-error.ts';
import { object, optionalFlag, table, text } from '../body.ts';
import { exchangeNamed, type Call } from '../call.ts';
import { payloadFromJson, propertiesFromJson } from '../message-json.ts';
import { bindingsOf, bindingTable } from '../objects/binding-table.ts';
import { exchangeTable, wholeExchangeTable } from '../objects/exchange-table.ts';
import { publishOne } from '../publish-one.ts';
import { act, change, list, single, type Route } from '../route.ts';
import { keysMissing } from '../terms.ts';

const ONE = '/api/exchanges/:vhost/:exchange';

const declaration = v.object({
  type: v.nullish(text, 'direct'), durable: optionalFlag, auto_delete: optionalFlag,
  internal: optionalFlag, arguments: table,
});

const publishBody = v.object({
  properties: v.optional(object), routing_key: v.optional(text), payload: v.optional(v.any()),
  payload_encoding: v.optional(text),
});

/** What RabbitMQ wants to be said; who publishes in process may leave it out. */
const publishKeys = ['properties', 'routing_key', 'payload', 'payload_encoding'] as const;

function declare(call: Call, body: v.InferOutput<typeof declaration>): unknown {
  const { vhost, guard } = call;
  const name = exchangeNamed(call.name('exchange'));
  const { type, durable, auto_delete: autoDelete, internal, arguments: given } = body;
  const isNew = !vhost.exchanges.has(name);
  permitExchangeDeclare(guard, vhost, name, type, given);
  vhost.declareExchange({
    exchange: name, type, durable, autoDelete, internal, arguments: given,
  });
  return put(isNew);
}

function remove(call: Call): unknown {
  const { vhost, exchange, guard } = call;
  if (exchange.name === '' || exchange.name.startsWith('amq.')) throw notAuthorised();
  guard.exchange('configure', exchange.name);
  if (call.wants('if-unused') && exchange.bindingCount > 0) {
    throw new AmqpError('PRECONDITION_FAILED', `${exchange.text} in use`);
  }
  return new Promise((resolve) => vhost.removeExchange(exchange, () => resolve(done)));
}

async function publish(
  call: Call, body: v.InferOutput<typeof publishBody>,
): Promise<{ readonly routed: boolean }> {
  const { broker, caller, names } = call;
  const vhost = broker.vhosts.get(names['vhost']!);
  if (vhost === undefined) throw notAuthorised();
  const guard = caller.guard(vhost.name);
  const name = exchangeNamed(call.name('exchange'));
  const missing = publishKeys.filter((key) => body[key] === undefined);
  if (call.request !== undefined && missing.length > 0) throw badRequest(keysMissing(missing));
  const { properties = {}, payload = '', routing_key: routingKey = '' } = body;
  const message = {
    routingKey, properties: propertiesFromJson(properties),
    body: payloadFromJson(payload, body.payload_encoding ?? 'string'),
  };
  checkLength('the routing key', routingKey);
  try {
    guard.exchange('write', name);
    guard.topic('write', vhost.exchanges.get(name), message.routingKey);
  } catch (error) {
    throw error instanceof AmqpError ? notAuthorised(error.replyText) : error;
  }
  try {
    return { routed: await publishOne(broker, vhost, vhost.exchange(name), caller, message) };
  } catch (error) {
    throw channelRefusalOf(error);
  }
}

/** The exchanges, with what came to them. */
function countedExchanges(vhost: VirtualHost): readonly Exchange[] {
  settlePublishes(vhost);
  return [...vhost.exchanges.values()];
}

/** Exchanges. */
export const exchangeRoutes: readonly Route[] = [
  list('/api/exchanges', 'management', 'Exchanges of all virtual hosts', exchangeTable,
    ({ vhosts }) => vhosts.flatMap(countedExchanges)),
  list('/api/exchanges/:vhost', 'vhost', 'Exchanges of a virtual host', exchangeTable,
    ({ vhost }) => countedExchanges(vhost)),
  single(ONE, 'vhost', 'One exchange', wholeExchangeTable, ({ vhost, exchange }) => {
    settlePublishes(vhost);
    return exchange;
  }),
  change('PUT', ONE, 'vhost', { says: 'Declare an exchange', body: declaration }, declare),
  act('DELETE', ONE, 'vhost', {
    says: 'Delete an exchange', query: { 'if-unused': 'true: only where nothing is bound to it' },
  }, remove),
  change('POST', `${ONE}/publish`, 'management', {
    says: 'Publish a message, and wait until it is confirmed', body: publishBody,
    answers: v.object({ routed: v.boolean() }),
  }, publish),
  list(`${ONE}/bindings/source`, 'vhost', 'Bindings from an exchange', bindingTable,
    ({ vhost, exchange }) => [...bindingsOf(vhost)].filter(({ source }) => (
      source === exchange.name))),
  list(`${ONE}/bindings/destination`, 'vhost', 'Bindings to an exchange', bindingTable,
    ({ vhost, exchange }) => [...bindingsOf(vhost)].filter(({ destination: { kind, name } }) => (
      kind === 'exchange' && name === exchange.name))),
];
