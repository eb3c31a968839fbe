import { expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { consume, counts, declareQueue, publishAll, refusal, texts } from '../support/steps.ts';

const inUse = "403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use (60.20)";

test('an exclusive consumer has the queue to itself [BAS-10] [basic.consume.exclusive]', () => {
  const { open } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  consume(channel, 'q', { exclusive: true });
  expect(refusal(() => consume(open(), 'q'))).toBe(inUse);
  expect(refusal(() => consume(open(), 'q', { exclusive: true }))).toBe(inUse);
  publishAll(open(), 'q', 'a');
  expect(texts(channel)).toEqual(['a']);
});

test('nobody may ask for it where others are', () => {
  const { open } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  consume(channel, 'q');
  expect(refusal(() => consume(open(), 'q', { exclusive: true }))).toBe(inUse);
  expect(counts(channel, 'q')).toEqual([0, 1]);
});

test('once it goes the queue is for everybody again', () => {
  const { open } = fixture();
  const [channel, other] = [open(), open()];
  declareQueue(channel, 'q');
  consume(channel, 'q', { exclusive: true });
  channel.client.drop();
  consume(other, 'q');
  publishAll(other, 'q', 'a');
  expect(texts(other)).toEqual(['a']);
});
