/** What a bug of ours costs: the connection that met it, told so, and nothing beyond. */
import { expect, test } from 'vitest';
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
