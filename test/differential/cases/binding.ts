import type { Case } from '../session.ts';
import { typed, type Table } from '../values.ts';
import type { Outgoing } from '../wire.ts';
import {
  bind, declareExchange, drain, exclusiveQueue, mandatory, publish, steps, take, unbind,
} from './vocabulary.ts';

/** Publishes with each key and tells what came through the one binding. */
const topic = (pattern: string, ...keys: readonly string[]): Case =>
  steps('TYP-03', `topic ${JSON.stringify(pattern)}`, declareExchange('p.x', 'topic'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', pattern), ...keys.map((key) => publish('p.x', key, key, {}, mandatory)), drain('p.q'));

const keys = ['', 'a', 'a.b', 'a.b.c', 'b', 'a.', '.a', 'a..b', '.'];

const headers = (name: string, args: Table, ...messages: readonly (Table | undefined)[]): Case =>
  steps('TYP-04', `headers ${name}`, declareExchange('p.x', 'headers'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', '', args),
    ...messages.map((table, index): Outgoing =>
      publish('p.x', '', String(index), table === undefined ? {} : { headers: table }, mandatory)),
    drain('p.q'));

export const bindingCases: readonly Case[] = [
  steps('QUE-08', 'queue.bind missing queue', bind('nope-q', 'amq.direct')),
  steps('QUE-08', 'queue.bind missing exchange', exclusiveQueue('p.q8'), bind('p.q8', 'nope-x')),
  steps('QUE-08', 'queue.bind to default exchange', exclusiveQueue('p.q8'), bind('p.q8', '', 'k')),
  steps('QUE-03', 'queue.bind "" with no declared queue', bind('', 'amq.direct')),
  steps('QUE-09', 'queue.unbind missing binding', exclusiveQueue('p.q8'), unbind('p.q8', 'amq.direct', 'zz')),
  steps('QUE-09', 'queue.unbind missing queue', unbind('nope-q', 'amq.direct', 'zz')),
  steps('QUE-09', 'queue.unbind missing exchange', exclusiveQueue('p.q8'), unbind('p.q8', 'nope-x', 'zz')),
  steps('QUE-09', 'queue.unbind default exchange', exclusiveQueue('p.q8'), unbind('p.q8', '', 'p.q8')),
  steps('TYP-04', 'headers bind x-match=bad', exclusiveQueue('p.q8'),
    bind('p.q8', 'amq.headers', '', { 'x-match': 'bad' })),
  steps('TYP-04', 'headers bind x-match of another type', exclusiveQueue('p.q8'),
    bind('p.q8', 'amq.headers', '', { 'x-match': 5 })),
  steps('QUE-08', 'the same binding twice is one', declareExchange('p.x'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'k'), bind('p.q', 'p.x', 'k'), publish('p.x', 'k', 'once'), drain('p.q'),
    unbind('p.q', 'p.x', 'k'), publish('p.x', 'k', 'x', {}, mandatory)),
  steps('QUE-08', 'bindings that differ in arguments are two', declareExchange('p.x'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'k', { a: 1, b: 2 }), bind('p.q', 'p.x', 'k', { b: 2, a: 1 }), bind('p.q', 'p.x', 'k'),
    unbind('p.q', 'p.x', 'k'), publish('p.x', 'k', 'one left'), unbind('p.q', 'p.x', 'k', { b: 2, a: 1 }),
    publish('p.x', 'k', 'none left', {}, mandatory), take('p.q')),
  steps('EXC-13', 'the default exchange routes by queue name', exclusiveQueue('p.q'), publish('', 'p.q'), take('p.q')),
  steps('TYP-01', 'direct: one copy however many bindings match', declareExchange('p.x'), exclusiveQueue('p.q'),
    exclusiveQueue('p.r'), bind('p.q', 'p.x', 'k'), bind('p.q', 'p.x', 'k', { a: 1 }), bind('p.r', 'p.x', 'k'),
    bind('p.r', 'p.x', 'other'), publish('p.x', 'k'), drain('p.q'), drain('p.r')),
  steps('TYP-02', 'fanout ignores keys', declareExchange('p.x', 'fanout'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'one'), publish('p.x', 'other'), take('p.q')),
  topic('#', ...keys),
  topic('*', ...keys),
  topic('', ...keys),
  topic('a.*', ...keys),
  topic('a.#', ...keys),
  topic('#.b', ...keys),
  topic('*.*', ...keys),
  topic('a.#.c', 'a.c', 'a.b.c', 'a.b.b.c', 'a', 'c', 'a.b'),
  topic('*.#', ...keys),
  topic('#.*.#', ...keys),
  steps('TYP-03', 'topic: one copy from patterns that overlap', declareExchange('p.x', 'topic'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', '#'), bind('p.q', 'p.x', 'a.*'), bind('p.q', 'p.x', '*.b'),
    publish('p.x', 'a.b'), drain('p.q')),
  steps('TYP-03', 'topic: unbind leaves the other patterns', declareExchange('p.x', 'topic'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'a.b'), bind('p.q', 'p.x', 'a.#'), unbind('p.q', 'p.x', 'a.#'), publish('p.x', 'a.b', '1'),
    publish('p.x', 'a.c', '2', {}, mandatory), drain('p.q')),
  headers('all by default', { a: 1, b: 'x' }, { a: 1, b: 'x' }, { a: 1 }, { a: 1, b: 'x', c: 1 }, {}, undefined),
  headers('all', { 'x-match': 'all', a: 1, b: 'x' }, { a: 1, b: 'x' }, { a: 1 }, { a: 2, b: 'x' }),
  headers('any', { 'x-match': 'any', a: 1, b: 'x' }, { a: 1 }, { b: 'x' }, { a: 2 }, {}, undefined),
  headers('all leaves out x-', { 'x-match': 'all', 'x-k': 1, a: 1 }, { a: 1 }, { 'x-k': 1 }),
  headers('any leaves out x-', { 'x-match': 'any', 'x-k': 1 }, { 'x-k': 1 }),
  headers('all-with-x', { 'x-match': 'all-with-x', 'x-k': 1, a: 1 }, { a: 1 }, { a: 1, 'x-k': 1 }),
  headers('any-with-x', { 'x-match': 'any-with-x', 'x-k': 1 }, { 'x-k': 1 }, { 'x-k': 2 }),
  headers('void means presence', { a: null }, { a: 1 }, { a: 'x' }, { a: null }, { b: 1 }),
  headers('values of another type', { a: 1 }, { a: '1' }, { a: typed('l', 1) }, { a: true }, { a: typed('d', 1) }),
  headers('all without conditions', { 'x-match': 'all' }, { a: 1 }, undefined),
  headers('any without conditions', { 'x-match': 'any' }, { a: 1 }, undefined),
  steps('TYP-11', 'alternate exchange takes what is not routed, and mandatory is content',
    declareExchange('p.ae', 'fanout'), declareExchange('p.x', 'direct', {}, { 'alternate-exchange': 'p.ae' }),
    exclusiveQueue('p.q'), exclusiveQueue('p.r'), bind('p.q', 'p.ae'), bind('p.r', 'p.x', 'k'),
    publish('p.x', 'other', '1', {}, mandatory), publish('p.x', 'k', '2', {}, mandatory), take('p.q'), take('p.q'),
    take('p.r')),
  steps('TYP-11', 'alternate exchange that is missing or routes nowhere: returned',
    declareExchange('p.ae', 'direct'), declareExchange('p.x', 'direct', {}, { 'alternate-exchange': 'p.ae' }),
    declareExchange('p.y', 'direct', {}, { 'alternate-exchange': 'p.none' }), publish('p.x', 'k', '1', {}, mandatory),
    publish('p.y', 'k', '2', {}, mandatory)),
  steps('TYP-11', 'alternate exchanges in a chain and in a circle',
    declareExchange('p.x', 'direct', {}, { 'alternate-exchange': 'p.y' }),
    declareExchange('p.y', 'direct', {}, { 'alternate-exchange': 'p.x' }), publish('p.x', 'k', '1', {}, mandatory),
    exclusiveQueue('p.q'), bind('p.q', 'p.y', 'k'), publish('p.x', 'k', '2', {}, mandatory), take('p.q')),
];
