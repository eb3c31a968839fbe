import type { Case } from '../session.ts';
import { integer, shortString, typed } from '../values.ts';
import { rawFrame, rawHeader, rawMethod } from '../wire.ts';
import {
  declareQueue, exclusiveQueue, get, method, passive, pipelined, publish, qos, steps, take,
} from './vocabulary.ts';

/** basic.publish to the default exchange with nothing after it. */
const barePublish = method('basic.publish', { 'routing-key': 'q' });
const body = (text: string) => rawFrame(3, 1, Buffer.from(text));

const everyType = {
  t: true, b: typed('b', -5), B: typed('B', 250), s: typed('s', -300), u: typed('u', 65000),
  I: typed('I', -70000), i: typed('i', 4000000000), l: typed('l', -(2n ** 40n)), L: typed('L', 2n ** 41n),
  f: typed('f', 0.5), d: typed('d', 1.25), D: typed('D', { scale: 2, digits: 314 }), S: 'text ü',
  T: typed('T', 1700000000), V: null, x: typed('x', 'bytes'), A: [1, 'two', [true], { three: 3 }],
  F: { nested: { deep: [] } },
};

const everyProperty = {
  'content-type': 'text/plain', 'content-encoding': 'identity', headers: { a: 1 }, 'delivery-mode': 2, priority: 7,
  'correlation-id': 'c', 'reply-to': 'r', expiration: '60000', 'message-id': 'm', timestamp: 1700000000, type: 't',
  'user-id': 'guest', 'app-id': 'a', 'cluster-id': 'k',
};

const closingIgnores: Case = {
  name: 'frames on a channel that the server closes are ignored until close-ok, content with them',
  row: 'CON-28',
  async run(session) {
    const wire = await session.connect();
    wire.send(
      get('nope-q'), declareQueue('p.q'), publish('nope-x', 'k'), barePublish, rawHeader(3), body('abc'), qos(0),
    );
    await wire.received('channel.close');
    await wire.reopen();
    await wire.steps(passive('p.q'));
    await wire.settle();
  },
};

const crossedClose: Case = {
  name: 'channel.close of the client on a channel that the server closes',
  row: 'CON-28',
  async run(session) {
    const wire = await session.connect();
    wire.send(get('nope-q'), method('channel.close', { 'reply-code': 200 }));
    await wire.received('channel.close-ok');
    await wire.reopen();
    await wire.settle();
  },
};

const octetwise: Case = {
  name: 'frames that come octet by octet',
  row: 'CON-29',
  async run(session) {
    const wire = await session.connect();
    wire.sendOctetwise(exclusiveQueue('p.q'), publish('', 'p.q', 'abc'), take('p.q'));
    await wire.received('basic.get-ok');
    await wire.settle();
  },
};

export const framingCases: readonly Case[] = [
  pipelined('TOP-10 NEW-16', 'unknown class/method 99.1', rawMethod(1, 99, 1)),
  pipelined('TOP-10 NEW-16', 'unknown method 60.99', rawMethod(1, 60, 99)),
  pipelined('TOP-10 NEW-16', 'unknown method on channel 0', rawMethod(0, 10, 99)),
  pipelined('NEW-16', 'method frame shorter than its arguments', rawMethod(1, 50, 10, integer(2, 0))),
  pipelined('NEW-16', 'method frame without an id', rawFrame(1, 1, Buffer.from([0, 50]))),
  pipelined('NEW-16', 'table with an unknown field type', rawMethod(1, 50, 10, Buffer.concat([
    integer(2, 0), shortString('q'), integer(1, 0), integer(4, 4), shortString('k'), Buffer.from('?x'),
  ]))),
  pipelined('CON-19', 'bad frame end', rawFrame(1, 1, Buffer.concat([
    integer(2, 20), integer(2, 10), shortString(''),
  ]), 0)),
  pipelined('CON-20', 'unknown frame type 7', rawFrame(7, 1, Buffer.from('abc'))),
  pipelined('CON-21', 'heartbeat on channel 1', rawFrame(8, 1, Buffer.alloc(0))),
  pipelined('CON-20', 'heartbeat with a payload on channel 1', rawFrame(8, 1, Buffer.from('a'))),
  pipelined('CON-15', 'heartbeat on channel 0', rawFrame(8, 0, Buffer.alloc(0))),
  pipelined('CON-18', 'frame larger than frame_max', rawFrame(3, 1, Buffer.alloc(140_000, 'a'))),
  pipelined('CON-22', 'content header without publish', rawHeader(1)),
  pipelined('CON-22', 'body without header', body('x')),
  pipelined('CON-22', 'publish then method instead of header', barePublish, declareQueue('x')),
  pipelined('CON-22', 'publish then body instead of header', barePublish, body('x')),
  pipelined('CON-22', 'method instead of body', barePublish, rawHeader(3), declareQueue('x')),
  pipelined('CON-22', 'header instead of body', barePublish, rawHeader(3), rawHeader(3)),
  pipelined('CON-22', 'header with wrong class 50', barePublish, rawHeader(1, 50)),
  pipelined('CON-23', 'body longer than announced', barePublish, rawHeader(1), body('xyz')),
  steps('CON-24', 'message without a body', exclusiveQueue('p.q'), publish('', 'p.q', ''), take('p.q')),
  steps('CON-24', 'body frames without octets', exclusiveQueue('p.q'),
    method('basic.publish', { 'routing-key': 'p.q' }), rawHeader(2), body(''), body('a'), body(''), body('b'),
    take('p.q')),
  steps('CON-18', 'body of several frames', exclusiveQueue('p.q'),
    publish('', 'p.q', Buffer.alloc(300_000, 'abc')), take('p.q')),
  steps('CON-18', 'body that fills a frame to the last octet', exclusiveQueue('p.q'),
    publish('', 'p.q', Buffer.alloc(131_064, 'abc')), take('p.q')),
  steps('CON-36', 'headers of every type are passed on', exclusiveQueue('p.q'),
    publish('', 'p.q', 'x', { headers: everyType }), take('p.q')),
  steps('CON-37', 'every property is passed on', exclusiveQueue('p.q'),
    publish('', 'p.q', 'x', everyProperty), take('p.q')),
  pipelined('CON-29', 'many methods in one write', exclusiveQueue('p.q'), publish('', 'p.q', 'a'),
    publish('', 'p.q', 'b'), qos(1), take('p.q'), passive('p.q'), take('p.q'), take('p.q')),
  octetwise,
  closingIgnores,
  crossedClose,
];
