import * as v from 'valibot';
import { permitBinding } from '../../broker/permitted.ts';
import type { BindingDestination } from '../../broker/exchange/exchange.ts';
import { Answer, done } from '../answer.ts';
import { badRequest, objectNotFound } from '../api-error.ts';
import { table, text } from '../body.ts';
import { exchangeNamed, type Call } from '../call.ts';
import {
  bindingsOf, bindingTable, propertiesKey, quoted, type ShownBinding,
} from '../objects/binding-table.ts';
import { act, change, list, single, type Route } from '../route.ts';
import { usable } from './queues.ts';

const BETWEEN = '/api/bindings/:vhost/e/:source/:kind/:destination';
const ONE = `${BETWEEN}/:props`;

const bindingBody = v.object({ routing_key: v.nullish(text, ''), arguments: table });

/** What the path says: where bindings come from and lead to. */
function endsOf({ names }: Call) {
  const kind = { q: 'queue', e: 'exchange' }[names['kind']!];
  if (kind === undefined) throw badRequest('a binding leads to q, a queue, or to e, an exchange');
  const given = names['destination']!;
  return {
    source: exchangeNamed(names['source']!),
    kind: kind as 'queue' | 'exchange',
    name: kind === 'exchange' ? exchangeNamed(given) : given,
  };
}

function between(call: Call): readonly ShownBinding[] {
  const { source, kind, name } = endsOf(call);
  return [...bindingsOf(call.vhost)].filter(({ source: from, destination }) => (
    from === source && destination.kind === kind && destination.name === name));
}

function bindingOf(call: Call): ShownBinding {
  const { props } = call.names;
  const found = between(call).find((binding) => propertiesKey(binding) === props);
  if (found === undefined) throw objectNotFound();
  return found;
}

function bind(call: Call, body: v.InferOutput<typeof bindingBody>): unknown {
  const { vhost, guard } = call;
  const { source, kind, name } = endsOf(call);
  const { routing_key: routingKey, arguments: given } = body;
  permitBinding(guard, vhost, { kind, name }, source, routingKey);
  const destination: BindingDestination = kind === 'queue'
    ? usable(vhost.queue(name))
    : vhost.exchange(name);
  vhost.bind(vhost.exchange(source), destination, routingKey, given);
  const key = propertiesKey({
    vhost: vhost.name, source, destination, routingKey, arguments: given,
  });
  return new Answer(201, undefined, { location: `${quoted(name)}/${quoted(key)}` });
}

function unbind(call: Call): unknown {
  const { vhost, guard } = call;
  const { source, destination, routingKey, arguments: given } = bindingOf(call);
  permitBinding(guard, vhost, destination, source, routingKey);
  const { kind, name } = destination;
  const bound = kind === 'queue' ? usable(vhost.queue(name)) : vhost.exchange(name);
  vhost.unbind(vhost.exchange(source), { destination: bound, routingKey, arguments: given });
  return done;
}

/** Bindings. */
export const bindingRoutes: readonly Route[] = [
  list('/api/bindings', 'management', 'Bindings of all virtual hosts', bindingTable,
    ({ vhosts }) => vhosts.flatMap((vhost) => [...bindingsOf(vhost)])),
  list('/api/bindings/:vhost', 'vhost', 'Bindings of a virtual host', bindingTable,
    ({ vhost }) => bindingsOf(vhost)),
  list(BETWEEN, 'vhost', 'Bindings from an exchange to a queue (q) or an exchange (e)',
    bindingTable, between),
  change('POST', BETWEEN, 'vhost', {
    says: 'Bind; the header Location names the binding', body: bindingBody,
  }, bind),
  single(ONE, 'vhost', 'One binding', bindingTable, bindingOf),
  act('DELETE', ONE, 'vhost', { says: 'Delete a binding' }, unbind),
];
