/** Bodies as values, and back. */
import { expect, test } from 'vitest';
import { encodeContent, jsonCodec, textCodec, type ContentCodec } from '../../core/client/index.ts';
import { open } from './fixture.ts';

test.each<[string, ContentCodec<never>, unknown, string]>([
  ['text', textCodec as ContentCodec<never>, 'grüße', 'text/plain; charset=utf-8'],
  ['JSON', jsonCodec as ContentCodec<never>, { a: [1, null, 'ü'] }, 'application/json'],
])('%s goes there and back, with its content type', (_what, codec, value, contentType) => {
  const { channel, ask } = open();
  ask(channel.declareQueue('q'));
  ask(channel.publish({ routingKey: 'q', ...encodeContent(codec, value as never) }));
  const delivery = ask(channel.get('q'))!;
  expect([delivery.properties.contentType, delivery.decode(codec)]).toEqual([contentType, value]);
});

test('what is no text, or no JSON, is refused on both ways', () => {
  const { channel, ask } = open();
  ask(channel.declareQueue('q'));
  ask(channel.publish({ routingKey: 'q', body: Uint8Array.of(0xff, 0xfe) }));
  ask(channel.publish({ routingKey: 'q', body: '{' }));
  expect(() => ask(channel.get('q'))!.text()).toThrow(TypeError);
  expect(() => ask(channel.get('q'))!.json()).toThrow(SyntaxError);
  expect(() => jsonCodec.encode(undefined)).toThrow('undefined is no JSON value');
});
