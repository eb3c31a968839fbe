import { expect, test } from 'vitest';
import type { FrameLog } from '../../../demo/screens/wire/frame-log.ts';
import { fixture } from '../../support/fixture.ts';
import { ack, bind, consume, declareExchange, declareQueue, nack } from '../../support/steps.ts';
import { inspect } from './frames.ts';

const kinds = ({ frames }: FrameLog): string[] => (
  frames.map(({ direction, connection, kind }) => `${connection.replace('connection-', '')} ${direction} ${kind}`)
);

test('frames stand in their order, content under the method that it belongs to', () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  const log = inspect(made);
  channel.publish('', 'q', 'hello');
  expect(kinds(log())).toEqual(['1 in basic.publish', '1 in header', '1 in body']);
  const [publish, header, body] = log().frames;
  expect([header!.head, body!.head]).toEqual([publish!.seq, publish!.seq]);
  expect(publish!.summary).toContain('routingKey=q');
});

test('a row says of a body what it says, and of octets that are no text how many there are', () => {
  const made = fixture();
  const channel = made.open();
  const log = inspect(made);
  channel.publish('', 'q', '{ "id":\n7 }');
  channel.publish('', 'q', Uint8Array.of(0xff, 0xd8, 0xce));
  const lines = log().frames.filter(({ kind }) => kind !== 'header').map(({ line }) => line);
  expect(lines).toEqual([
    'exchange= routingKey=q mandatory=false immediate=false', '{ "id": 7 }',
    'exchange= routingKey=q mandatory=false immediate=false', '3 bytes',
  ]);
});

test('following one frame finds the message on every connection, to its ack, and no other message', () => {
  const made = fixture();
  const [publisher, consumer] = [made.open(), made.open()];
  declareExchange(publisher, 'x', 'fanout');
  declareQueue(publisher, 'q');
  bind(publisher, 'x', 'q');
  consume(consumer, 'q');
  const log = inspect(made);
  publisher.publish('x', '', 'one');
  publisher.publish('x', '', 'two');
  ack(consumer, 1);
  ack(consumer, 2);

  const { frames, threads } = log();
  const delivered = frames.filter(({ kind }) => kind === 'basic.deliver')[1]!;
  const followed = threads.follow(delivered, frames);
  expect(followed.map(({ connection, kind }) => `${connection} ${kind}`)).toEqual([
    'connection-1 basic.publish', 'connection-1 header', 'connection-1 body',
    'connection-2 basic.deliver', 'connection-2 header', 'connection-2 body', 'connection-2 basic.ack',
  ]);
  expect(followed[2]!.text).toContain('two');
  expect(followed.map((frame) => threads.messageOf(frame, frames))).toEqual(Array(7).fill(2));
});

test('a dead-lettered message is followed into the queue where it goes on', () => {
  const made = fixture();
  const [publisher, consumer] = [made.open(), made.open()];
  declareQueue(publisher, 'work', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
  declareQueue(publisher, 'dead');
  consume(consumer, 'work');
  consume(consumer, 'dead');
  const log = inspect(made);
  publisher.publish('', 'work', 'poison');
  nack(consumer, 1, false);

  const { frames, threads } = log();
  const kindsFollowed = threads.follow(frames[0]!, frames).map(({ kind }) => kind);
  expect(kindsFollowed.filter((kind) => kind.startsWith('basic.'))).toEqual([
    'basic.publish', 'basic.deliver', 'basic.nack', 'basic.deliver',
  ]);
});
