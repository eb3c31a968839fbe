/** What an error ends, and what a bug of ours costs: the connection that met it, told so, and nothing beyond. */
import { expect, test } from 'vitest';
import { AmqpError } from '../../core/errors.ts';
import { replyCodes, type ReplyCodeName } from '../../core/protocol/spec.ts';
import { Driven, methodFrame } from './harness.ts';

const bug = new TypeError('a bug');

function throwBug(): never {
  throw bug;
}

test.each([
  ['in a method', (driven: Driven) => (driven.answer = throwBug)],
  ['behind a chunk', (driven: Driven) => (driven.endChunk = throwBug)],
])('a fault %s ends the connection with 541 and reaches no transport', (_where, plant) => {
  const driven = new Driven('server').drive();
  plant(driven);
  driven.receive(methodFrame(0, 'connection.update-secret', { newSecret: new Uint8Array(), reason: '' }));
  const [close, ...others] = driven.take();
  expect(close?.name).toBe('connection.close');
  expect(close?.fields).toMatchObject({ 'reply-code': 541, 'reply-text': 'INTERNAL_ERROR' });
  expect([others, driven.faults, driven.session.state]).toEqual([[], [bug], 'closing']);
});

const names = Object.keys(replyCodes) as ReplyCodeName[];

test.each(names)('%s ends what its code says, and on channel 0 the connection [TOP-1]', (name) => {
  const { code } = replyCodes[name];
  const closes = [0, 1].map((channel) => {
    const driven = new Driven('server').drive();
    driven.say('client', 1, 'channel.open');
    driven.say('server', 1, 'channel.open-ok');
    driven.take();
    driven.answer = () => {
      throw new AmqpError(name, 'refused');
    };
    driven.say('client', channel, channel === 0 ? 'connection.update-secret' : 'channel.flow');
    return driven.take().map((frame) => [frame.name, (frame.fields as { 'reply-code': number })['reply-code']]);
  });
  const isSoft = [311, 312, 313, 403, 404, 405, 406].includes(code);
  expect(closes).toEqual([[['connection.close', code]], [[isSoft ? 'channel.close' : 'connection.close', code]]]);
});
