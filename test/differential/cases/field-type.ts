/** What counts is not the value alone but the type that it is sent as. */
import type { Case } from '../session.ts';
import { typed, type Table, type Value } from '../values.ts';
import {
  bind, consume, declareExchange, declareQueue, drain, exclusiveQueue, mandatory, publish, steps, take, unbind,
} from './vocabulary.ts';

const double = (value: number) => typed('d', value);
const float = (value: number) => typed('f', value);

const declared = (name: string, argument: string, value: Value): Case =>
  steps('QUE-13', `queue.declare ${argument} of ${name}`, declareQueue('p.q7', {}, { [argument]: value }));

const redeclared = (name: string, first: Value, second: Value): Case =>
  steps('QUE-05', `queue.redeclare x-max-length ${name}`,
    declareQueue('p.q4', { 'auto-delete': true }, { 'x-max-length': first }),
    declareQueue('p.q4', { 'auto-delete': true }, { 'x-max-length': second }));

/** Publishes with each header and tells what came through the one binding. */
const headers = (name: string, wanted: Value, ...sent: readonly Value[]): Case =>
  steps('TYP-04', `headers exchange: ${name}`, declareExchange('p.x', 'headers'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', '', { a: wanted }),
    ...sent.map((a, index) => publish('p.x', '', String(index), { headers: { a } }, mandatory)),
    drain('p.q'));

const table = (value: Value): Table => ({ n: value });

export const fieldTypeCases: readonly Case[] = [
  declared('a double 5.0', 'x-message-ttl', double(5)),
  declared('a float 5.0', 'x-message-ttl', float(5)),
  declared('a double 1e300', 'x-message-ttl', double(1e300)),
  declared('a double -0.0', 'x-message-ttl', double(-0)),
  declared('a double 5.5', 'x-message-ttl', double(5.5)),
  declared('a double 5.0', 'x-expires', double(5)),
  declared('a double 5.0', 'x-max-length', double(5)),
  declared('a float -0.0', 'x-max-length-bytes', float(-0)),
  declared('a double 5.0', 'x-max-priority', double(5)),
  declared('an octet', 'x-max-length', typed('b', 5)),
  declared('an unsigned octet', 'x-max-length', typed('B', 5)),
  declared('a short', 'x-max-length', typed('s', 5)),
  declared('an unsigned short', 'x-max-length', typed('u', 5)),
  declared('an unsigned integer', 'x-max-length', typed('i', 5)),
  declared('a long', 'x-max-length', typed('l', 5)),
  declared('a time stamp', 'x-max-length', typed('T', 5)),
  declared('a decimal', 'x-max-length', typed('D', { scale: 0, digits: 5 })),
  steps('QUE-18', 'queue.declare x-dead-letter-routing-key of 255 octets', declareQueue('p.q7', {},
    { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'k'.repeat(255) })),
  steps('QUE-18', 'queue.declare x-dead-letter-routing-key of 300 octets', declareQueue('p.q7', {},
    { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'k'.repeat(300) })),
  steps('BAS-14', 'basic.consume x-priority of a double 5.0', exclusiveQueue('p.q'),
    consume('p.q', 't', {}, { 'x-priority': double(5) })),
  redeclared('of another width', typed('b', 5), typed('l', 5)),
  headers('integers of other widths', 5, typed('b', 5), typed('B', 5), typed('s', 5), typed('l', 5), 6),
  headers('an integer and a double', 5, double(5), float(5), double(5.5)),
  headers('a double and integers', double(5), 5, typed('l', 5), float(5), double(5)),
  headers('an integer and a time stamp', 5, typed('T', 5)),
  headers('an integer in a table', table(5), table(typed('b', 5)), table(typed('l', 5)), table(typed('T', 5)),
    table(5)),
  headers('a long in a table', table(typed('l', 5)), table(5), table(typed('s', 5)), table(typed('l', 5))),
  headers('a double in a table', table(double(5)), table(float(5)), table(5), table(double(5))),
  headers('a float in a table', table(float(0.5)), table(double(0.5)), table(float(0.5))),
  headers('a text in a table', table('k'), table(typed('x', 'k')), table('k')),
  headers('a table in a table', table(table(5)), table(table(typed('l', 5))), table(table(5))),
  headers('an array', [5], [typed('l', 5)], [typed('b', 5)], [5], [5, 5]),
  headers('a table in an array', [table(5)], [table(typed('l', 5))], [table(5)]),
  headers('fields of a table in another order', { m: 1, n: 2 }, { n: 2, m: 1 }, { m: 1, n: 2 }),
  headers('unsigned widths in a table', table(typed('B', 5)), table(typed('b', 5)), table(typed('B', 5))),
  headers('unsigned shorts in a table', table(typed('u', 5)), table(typed('s', 5)), table(typed('u', 5))),
  headers('unsigned integers in a table', table(typed('i', 5)), table(5), table(typed('i', 5))),
  headers('decimals', typed('D', { scale: 1, digits: 50 }), typed('D', { scale: 0, digits: 5 }),
    typed('D', { scale: 1, digits: 50 })),
  steps('QUE-09', 'queue.unbind with an argument of another width', declareExchange('p.x'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'k', { a: 5 }), unbind('p.q', 'p.x', 'k', { a: typed('l', 5) }),
    publish('p.x', 'k', 'x', {}, mandatory), take('p.q')),
];
