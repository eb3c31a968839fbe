/** A client whose messages take their time. */
import { expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import { SlowLine } from '../../demo/broker/slow-line.ts';

const ids = { 'basic.deliver': [0, 60, 0, 60], 'basic.ack': [0, 60, 0, 80] } as const;

/** A frame of this method, or one of content. */
function frame(name?: keyof typeof ids): number[] {
  const payload = name === undefined ? [9] : ids[name];
  return [name === undefined ? 3 : 1, 0, 1, 0, 0, 0, payload.length, ...payload, 0xce];
}

const chunk = (...frames: number[][]): ArrayBuffer => Uint8Array.from(frames.flat()).buffer;

test('each message takes its time; what follows waits for it, and nothing is overtaken', () => {
  const clock = new VirtualClock();
  const line = new SlowLine(clock, 'basic.deliver', 'slow');
  const arrived: [number, string][] = [];
  const pass = (data: ArrayBuffer | string, delayMs: number): void => line.pass(data, delayMs, (each) => {
    arrived.push([clock.now(), typeof each === 'string' ? each : String(each.byteLength)]);
  });
  pass(chunk(frame('basic.ack')), 100);
  pass(chunk(frame('basic.deliver'), frame(), frame('basic.deliver'), frame()), 100);
  pass('end', 100);
  clock.advanceBy(100);
  pass(chunk(frame('basic.ack')), 0);
  clock.advanceBy(100);
  pass(chunk(frame('basic.deliver'), frame('basic.deliver')), 0);
  expect(arrived).toEqual([
    [0, '12'], [100, '12'], [100, '9'], [200, '12'], [200, '9'], [200, 'end'], [200, '12'], [200, '24'],
  ]);
});
