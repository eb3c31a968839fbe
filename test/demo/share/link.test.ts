/** What a share link holds, and what of a broken or hostile one is told. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hashOf, parseShared, sharedIn } from '../../../demo/share/link.ts';
import type { Deed, RecordedInput } from '../../../demo/port/recording.ts';
import { shareLimits, type Shared } from '../../../demo/share/shared.ts';

const shared: Shared = {
  definitions: {
    vhosts: [{ name: '/' }],
    exchanges: [{ name: 'logs', type: 'fanout' }],
    queues: [{ name: 'tâches', durable: true, arguments: { 'x-max-length': 3 } }],
    bindings: [{ source: 'logs', destination: 'tâches' }],
  },
  clients: [{ name: 'producer', code: 'console.log("你好");', library: 'raw' }],
  positions: [['queue:tâches', { x: 12, y: -3.5 }]],
  seed: 42,
  speed: 0.5,
};

const linkOf = (value: unknown): string => packed(JSON.stringify(value));
const input = (deed: object): string => linkOf({ inputs: [{ at: 0, place: 0, ...deed }] });
const many = (length: number): unknown[] => Array.from({ length }, () => ({}));
const packed = (text: string): string => `#v1.${deflateRawSync(text).toString('base64url')}`;

describe('a share link', () => {
  test('holds all that leads to the same run', async () => {
    const hash = await hashOf(shared);
    expect(hash).toMatch(/^#v1\.[\w-]+$/);
    expect(await sharedIn(hash!)).toEqual(shared);
  });

  test('holds what was recorded as it was', async () => {
    const client = { name: 'late', code: '', library: 'raw' } as const;
    const deeds: Deed[] = [
      { does: 'call', method: 'POST', path: '/api/definitions', body: { queues: [{ name: 'a' }] } },
      { does: 'dial', guest: 1 }, { does: 'say', guest: 1, word: 'opened' },
      { does: 'send', guest: 1, data: 'AQ_-' }, { does: 'lose', guest: 1 }, { does: 'settle' },
      { does: 'start', client }, { does: 'kill', name: 'late' }, { does: 'pause', name: 'late', paused: true },
      { does: 'delay', name: 'late', delayMs: 0.5 }, { does: 'remove', name: 'late' },
    ];
    const inputs = deeds.map((deed, i): RecordedInput => ({ ...deed, at: i * 10.5, place: i }));
    expect(await sharedIn((await hashOf({ ...shared, inputs }))!)).toEqual({ ...shared, inputs });
  });

  test('may leave out what is usual', async () => {
    expect(await sharedIn(linkOf({}))).toMatchObject({ clients: [], seed: 1, speed: 1 });
  });

  test('is not made of more than a link can hold, which a file can', async () => {
    let code = '';
    for (let number = 1; code.length < 100_000; number++) code += `f${Math.imul(number, 2654435761)}();`;
    const big = { ...shared, clients: [{ ...shared.clients[0]!, code }] };
    expect(await hashOf(big)).toBeUndefined();
    expect(parseShared(JSON.stringify(big))).toEqual(big);
  });

  test('that was cut anywhere is told of', async () => {
    const hash = (await hashOf(shared))!;
    for (let length = 4; length < hash.length - 1; length += 7) {
      await expect(sharedIn(hash.slice(0, length))).rejects.toThrow(/^It is not whole: /);
    }
  });

  test.each([
    ['#v1.&&&', 'It is not whole: it has characters that no such link has.'],
    ['#v2.abcd', 'It was made by a newer playground: reload this page and try again.'],
    [packed('{"clients": '), 'It is not whole: what is in it is no JSON.'],
    [`#v1.${'A'.repeat(40_000)}`, `It has 40004 characters, and ${shareLimits.linkChars} may be.`],
    [packed('7'.repeat(20_000_000)), 'It unpacks to more than 1 MiB.'],
    [linkOf([]), 'It is no JSON object.'],
    [linkOf({ clients: {} }), '“clients” is no list.'],
    [linkOf({ clients: [{ code: '' }] }), 'A client has no name of at most 255 characters.'],
    [linkOf({ clients: [{ name: 'a', library: 'raw' }] }), 'The client “a” has no code.'],
    [
      linkOf({ clients: [{ name: 'a', code: '', library: 'https://evil.example/x.js' }] }),
      'The client “a” is for a library that is not here.',
    ],
    [
      linkOf({ clients: [shared.clients[0], shared.clients[0]] }),
      'Two of its clients have the same name.',
    ],
    [
      linkOf({ clients: many(51) }),
      '“clients” has 51 entries, and 50 may be.',
    ],
    [linkOf({ definitions: { queues: [7] } }), 'An item of “queues” is no JSON object.'],
    [
      linkOf({ definitions: { queues: many(1500), exchanges: many(501) } }),
      'It has 2001 objects, and 2000 may be.',
    ],
    [linkOf({ positions: [['queue:a', { x: 'left' }]] }), 'A position is no place.'],
    [linkOf({ inputs: {} }), '“inputs” is no list.'],
    [linkOf({ inputs: many(5001) }), '“inputs” has 5001 entries, and 5000 may be.'],
    [linkOf({ inputs: [7] }), 'A recorded input is no JSON object.'],
    [input({ does: 'explode' }), 'A recorded input does “explode”, which this playground cannot do.'],
    [input({ does: 'constructor' }), 'A recorded input does “constructor”, which this playground cannot do.'],
    [
      input({ does: 'kill', name: 'a', at: -1 }),
      `The time of an input is no number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
    ],
    [input({ does: 'kill', name: 'a', place: 0.5 }), 'The place of an input is no whole number.'],
    [input({ does: 'kill' }), 'A recorded input has no name of at most 255 characters.'],
    [input({ does: 'start', client: { name: 'a' } }), 'The client “a” has no code.'],
    [
      input({ does: 'call', method: 'GET', path: '/api/x' }),
      'A recorded input calls with a method that changes nothing.',
    ],
    [
      input({ does: 'call', method: 'PUT', path: 'https://evil.example/' }),
      'The path of an input is none of the management API.',
    ],
    [
      input({ does: 'call', method: 'PUT', path: '/api/x', body: { $octets: '&' } }),
      'The body of an input cannot be read.',
    ],
    [input({ does: 'send', guest: 1, data: '&' }), 'The octets of an input are no base64url.'],
    [input({ does: 'say', guest: 1, word: 'a'.repeat(300) }), 'A word of an input has 300 characters, and 255 may be.'],
    [
      input({ does: 'delay', name: 'a', delayMs: 'long' }),
      `The delay of an input is no number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
    ],
    [
      linkOf({
        inputs: Array.from({ length: 51 }, (_, i) => (
          { does: 'start', client: { ...shared.clients[0], name: `c${i}` }, at: 0, place: 0 })),
      }),
      'It starts 51 clients, and 50 may be.',
    ],
    [linkOf({ seed: 'x' }), `“seed” is no number from 0 to ${Number.MAX_SAFE_INTEGER}.`],
    [linkOf({ speed: 1e9 }), '“speed” is no number from 0.01 to 1000.'],
  ])('%.40s is told of: %s', async (hash, text) => {
    await expect(sharedIn(hash)).rejects.toMatchObject({ name: 'ShareError', message: text });
  });
});
