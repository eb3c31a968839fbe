/** A misspelled name is heard of: it would do nothing, and nobody would know. */
import { of, type Observable } from 'rxjs';
import { expect, test } from 'vitest';
import type { ConsumeOptions, Outgoing } from '../../core/client/index.ts';
import { open } from './fixture.ts';

test.each<[object, string]>([
  [{ routingkey: 'q' }, "messages have no field 'routingkey', but routingKey"],
  [{ routing_key: 'q' }, "messages have no field 'routing_key', but routingKey"],
  [{ Mandatory: true }, 'but mandatory'],
  [{ headers: {} }, "messages have no field 'headers', but properties.headers"],
  [{ 'content-type': 'text/plain' }, 'but properties.contentType'],
  [{ properties: { headers: { fine: 1, a: undefined } } }, 'encoded: a field table holds no undefined: headers.a'],
  [{ properties: { headers: { deep: [{ a: undefined }] } } }, 'holds no undefined: headers.deep.0.a'],
])('a message with %j', (given, text) => {
  const { channel, connection, watch, ask } = open();
  const message = { body: '', ...given } as Outgoing;
  const ways: Observable<unknown>[] = [
    channel.publish(message), of(message).pipe(channel.publisher()), connection.publish(message),
    of(message).pipe(connection.publisher()), channel.rpc(message),
  ];
  for (const way of ways) {
    expect(watch(way).error).toMatchObject({ name: 'ArgumentError', message: expect.stringContaining(text) });
  }
  expect(ask(channel.publish({ body: 'fine' })).kind).toBe('confirmed');
});

test('a field of the program goes with its message', () => {
  const { channel, connection, ask } = open();
  const message = { body: '', order: 7, type$: 'x', content: 'mine' };
  expect(ask(of(message).pipe(channel.publisher())).message).toBe(message);
  expect(ask(connection.publish(message)).message.order).toBe(7);
});

test.each<[object, string]>([
  [{ prefetchCount: 5 }, "consume has no option 'prefetchCount', but prefetch, noAck,"],
  [{ noack: true }, "consume has no option 'noack'"],
])('consume with %j', (options, text) => {
  const { channel, connection, watch } = open();
  watch(channel.declareQueue('q'));
  for (const way of [channel.consume('q', options as ConsumeOptions), connection.consume('q', options)]) {
    expect(watch(way).error).toMatchObject({ name: 'ArgumentError', message: expect.stringContaining(text) });
  }
});
