import type { BindingView, ExchangeView, QueueView } from '../../../core/management/index.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import { samplesCode, type Sample } from '../canvas/templates.ts';

/** A producer that could send through an exchange. */
export interface Traffic {
  readonly exchange: string;
  /** What it sends in turn, so that each binding fits one of them. */
  readonly samples: readonly Sample[];
  /** Name of the client. */
  readonly name: string;
  readonly code: string;
  /** Something else sends to it already: dead letters, or what fits no binding elsewhere. */
  readonly fed: boolean;
}

/** What is declared, as definitions and the topology have it. */
interface Declared {
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly Pick<QueueView, 'vhost' | 'name' | 'arguments'>[];
  readonly bindings: readonly BindingView[];
}

/** Messages that one producer sends in turn at most. */
const SAMPLES_MAX = 20;

/**
 * One producer for each exchange that clients may publish to and that something is bound to, with
 * keys and headers drawn from its bindings; and one for the default exchange, for queues that are
 * bound to nothing.
 */
export function trafficOf(declared: Declared, vhost: string): readonly Traffic[] {
  const here = <T extends { readonly vhost: string }>(all: readonly T[]): readonly T[] => (
    all.filter((each) => each.vhost === vhost)
  );
  const bindings = here(declared.bindings);
  const queues = here(declared.queues);
  const exchanges = here(declared.exchanges);
  const internal = new Set(exchanges.filter((each) => each.internal).map(({ name }) => name));
  const names = new Set(bindings.map(({ source }) => source).filter((name) => name !== ''));
  const fed = fedExchanges({ queues, exchanges, bindings });
  const named = [...names].filter((name) => !internal.has(name)).map((name) => {
    const own = bindings.filter(({ source }) => source === name);
    return made(name, own.map((binding) => sampleOf(binding)), fed.has(name));
  });
  const bound = new Set(bindings.filter(({ source }) => source !== '')
    .filter(({ destination_type: kind }) => kind === 'queue').map((each) => each.destination));
  const loose = queues.filter(({ name }) => !bound.has(name));
  if (loose.length === 0) return named;
  return [...named, made('', loose.map(({ name }) => ({ key: name })), false)];
}

function made(exchange: string, all: readonly Sample[], fed: boolean): Traffic {
  const samples = [...new Map(all.map((each) => [JSON.stringify(each), each])).values()]
    .slice(0, SAMPLES_MAX);
  const name = `traffic-${exchange === '' ? 'default' : exchange}`;
  return { exchange, samples, name, code: samplesCode(exchange, samples), fed };
}

/** A message that the binding fits, whatever the type of its exchange. */
function sampleOf({ routing_key: key, arguments: table }: BindingView): Sample {
  const headers: FieldTable = Object.fromEntries(
    Object.entries(table).filter(([name]) => !name.startsWith('x-')),
  );
  const words = key.split('.').filter((word) => word !== '#')
    .map((word) => (word === '*' ? 'any' : word));
  return { key: words.join('.'), ...(Object.keys(headers).length > 0 && { headers }) };
}

/** Exchanges that dead letters, alternates or other exchanges lead to. */
function fedExchanges({ queues, exchanges, bindings }: Declared): ReadonlySet<string> {
  const named = [
    ...queues.map(({ arguments: table }) => table['x-dead-letter-exchange']),
    ...exchanges.map(({ arguments: table }) => table['alternate-exchange']),
    ...bindings.filter((each) => each.destination_type === 'exchange')
      .map(({ destination }) => destination),
  ];
  return new Set(named.filter((name): name is string => typeof name === 'string'));
}
