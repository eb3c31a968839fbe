import { isExchangeType } from '../../../core/broker/exchange/types.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import type { QueueFlags } from './canvas-client.ts';

/** What a line of the command line asks for. */
export type Order =
  | { readonly do: 'queue'; readonly name: string; readonly flags: QueueFlags }
  | { readonly do: 'exchange'; readonly name: string; readonly type: string;
      readonly flags: QueueFlags }
  | { readonly do: 'bind' | 'unbind'; readonly source: string; readonly destination: string;
      readonly key: string }
  | { readonly do: 'publish'; readonly exchange: string; readonly key: string;
      readonly body: string }
  | { readonly do: 'producer'; readonly name: string; readonly exchange: string;
      readonly key: string }
  | { readonly do: 'consumer'; readonly name: string; readonly queue: string }
  | { readonly do: 'delete'; readonly name: string;
      readonly kind: 'queue' | 'exchange' | undefined };

/** Every form of a line, for whoever has to be told. */
export const orderForms = [
  'queue NAME  ttl=5000 max=10 priority=5 dlx=EXCHANGE transient quorum',
  'direct|fanout|topic|headers NAME  alternate-exchange=EXCHANGE transient',
  'bind EXCHANGE DESTINATION KEY',
  'unbind EXCHANGE DESTINATION KEY',
  'publish EXCHANGE KEY TEXT',
  'producer NAME EXCHANGE KEY',
  'consumer NAME QUEUE',
  'delete NAME',
] as const;

/** Words of a queue that stand for an argument with a number or a text. */
const queueArguments: Readonly<Record<string, string>> = {
  ttl: 'x-message-ttl', max: 'x-max-length', priority: 'x-max-priority',
  dlx: 'x-dead-letter-exchange', dlk: 'x-dead-letter-routing-key', expires: 'x-expires',
  overflow: 'x-overflow', limit: 'x-delivery-limit',
};

/** Words that stand for a whole argument. */
const queueWords: Readonly<Record<string, FieldTable>> = {
  quorum: { 'x-queue-type': 'quorum' },
  sac: { 'x-single-active-consumer': true },
};

/** Understands a line, or says in words what is wrong with it. */
export function parseOrder(line: string): Order | { readonly problem: string } {
  const [first = '', ...words] = line.trim().split(/\s+/);
  const [name = '', second = '', ...rest] = words;
  if (first === '') return { problem: 'Type what to add: queue orders' };
  if (isExchangeType(first)) return exchangeOrder(first, words);
  switch (first) {
    case 'queue':
      return queueOrder(words);
    case 'bind':
    case 'unbind':
      if (second === '') return { problem: `${first} EXCHANGE DESTINATION KEY` };
      return { do: first, source: name, destination: second, key: rest.join(' ') };
    case 'publish':
      if (name === '') return { problem: 'publish EXCHANGE KEY TEXT' };
      return {
        do: 'publish', exchange: exchangeName(name), key: second, body: rest.join(' ') || 'hello',
      };
    case 'producer':
      if (name === '') return { problem: 'producer NAME EXCHANGE KEY' };
      return { do: 'producer', name, exchange: exchangeName(second), key: rest[0] ?? '' };
    case 'consumer':
      if (second === '') return { problem: 'consumer NAME QUEUE' };
      return { do: 'consumer', name, queue: second };
    case 'delete':
      return deleteOrder(words);
    default:
      return { problem: `“${first}” is none of queue, direct, fanout, topic, headers, bind, …` };
  }
}

/** A dash stands for the default exchange, which has no name. */
function exchangeName(word: string): string {
  return word === '-' || word === 'default' ? '' : word;
}

function exchangeOrder(type: string, [name = '', ...words]: readonly string[]):
Order | { problem: string } {
  if (name === '') return { problem: `${type} NAME` };
  const table: FieldTable = {};
  for (const word of words) {
    const [key = '', value] = word.split('=', 2);
    if (word === 'transient' || word === 'durable') continue;
    if (value === undefined || !/^x-|^alternate-exchange$/.test(key)) {
      return { problem: `“${word}” is nothing that an exchange can be` };
    }
    table[key] = valueOf(value);
  }
  const flags = { durable: !words.includes('transient'), arguments: table };
  return { do: 'exchange', name, type, flags };
}

function queueOrder([name = '', ...words]: readonly string[]): Order | { problem: string } {
  if (name === '') return { problem: 'queue NAME' };
  const table: FieldTable = {};
  for (const word of words) {
    const [key = '', value] = word.split('=', 2);
    const argument = queueArguments[key] ?? (key.startsWith('x-') ? key : undefined);
    if (word === 'transient' || word === 'durable') continue;
    if (Object.hasOwn(queueWords, word)) Object.assign(table, queueWords[word]);
    else if (argument !== undefined && value !== undefined) table[argument] = valueOf(value);
    else return { problem: `“${word}” is nothing that a queue can be` };
  }
  return { do: 'queue', name, flags: { durable: !words.includes('transient'), arguments: table } };
}

function valueOf(word: string): string | number {
  return /^-?\d+$/.test(word) ? Number(word) : word;
}

function deleteOrder(words: readonly string[]): Order | { problem: string } {
  const [first = '', second] = words;
  if (first === '') return { problem: 'delete NAME' };
  if ((first === 'queue' || first === 'exchange') && second !== undefined) {
    return { do: 'delete', name: second, kind: first };
  }
  return { do: 'delete', name: first, kind: undefined };
}
