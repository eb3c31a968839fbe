/** The dissector: what it says of recorded frames, and that it accounts for every octet. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { limits } from '../../core/limits.ts';
import { writeMethod } from '../../core/protocol/codec.ts';
import { dissectFrames, summarize, type Dissected } from '../../core/protocol/dissect.ts';
import { writeBody, writeContentHeader } from '../../core/protocol/properties.ts';
import { Decimal, type FieldTable } from '../../core/protocol/types.ts';
import { readFixture, sessions } from './fixture.ts';
import { argsOf, methodNames, propertySets, written } from './generators.ts';
import { concat, fromHex } from '../support/bytes.ts';

/** Checks that these nodes, and the children of each, cover [start, end) one after the other. */
function expectTiled(nodes: readonly Dissected[], start: number, end: number): void {
  let at = start;
  for (const { offset, length, children } of nodes) {
    expect(offset).toBe(at);
    expect(length).toBeGreaterThanOrEqual(0);
    at += length;
    const parts = children?.filter(({ mask }) => mask === undefined) ?? [];
    if (parts.length > 0) expectTiled(parts, offset, at);
  }
  expect(at).toBe(end);
}

function malformedIn(nodes: readonly Dissected[]): Dissected[] {
  return nodes.flatMap((node) => (
    [...(node.name === 'malformed' ? [node] : []), ...malformedIn(node.children ?? [])]
  ));
}

function at(nodes: readonly Dissected[], ...path: readonly string[]): Dissected {
  const [first, ...rest] = path;
  const node = nodes.find(({ name }) => name === first)!;
  return rest.length === 0 ? node : at(node.children!, ...rest);
}

/** A frame of this payload on channel 1. */
function frame(type: number, payload: string): Uint8Array {
  const body = fromHex(payload);
  const size = body.length.toString(16).padStart(8, '0');
  return Uint8Array.of(...fromHex(`0${type} 0001 ${size}`), ...body, 0xce);
}

function bind(args: FieldTable): Uint8Array {
  return written((writer) => writeMethod(writer, 1, 'queue.bind', {
    queue: 'q', exchange: '', routingKey: '', noWait: true, arguments: args,
  }));
}

describe.each(sessions)('%s', (session) => {
  const frames = readFixture(session);

  test.each(frames)('$meaning', ({ bytes, meaning }) => {
    const nodes = dissectFrames(bytes);
    expect(nodes.map(summarize)).toEqual([meaning]);
    expect(malformedIn(nodes)).toEqual([]);
    expectTiled(nodes, 0, bytes.length);
  });

  test('as one stretch of bytes', () => {
    const bytes = concat(frames.map((each) => each.bytes));
    const nodes = dissectFrames(bytes);
    expect(nodes.map(summarize)).toEqual(frames.map(({ meaning }) => meaning));
    expectTiled(nodes, 0, bytes.length);
  });
});

test.each(methodNames)('%s is accounted for to the last octet', (name) => {
  fc.assert(fc.property(argsOf(name), (args) => {
    const bytes = written((writer) => writeMethod(writer, 1, name, args));
    const nodes = dissectFrames(bytes);
    expectTiled(nodes, 0, bytes.length);
    expect(malformedIn(nodes)).toEqual([]);
    expect(nodes[0]).toMatchObject({ name: 'method', value: name });
  }), { numRuns: 20 });
});

test('content is accounted for to the last octet', () => {
  fc.assert(fc.property(propertySets, fc.uint8Array({ maxLength: 9000 }), (properties, body) => {
    const bytes = written((writer) => {
      writeContentHeader(writer, 1, body.length, properties);
      writeBody(writer, 1, body, limits.frameBytesMin);
    });
    const nodes = dissectFrames(bytes);
    expectTiled(nodes, 0, bytes.length);
    expect(malformedIn(nodes)).toEqual([]);
    expect(at(nodes, 'header', 'bodySize').value).toBe(body.length);
  }), { numRuns: 50 });
});

test('what is cut short or broken anywhere is accounted for too', () => {
  const bytes = bind({ a: [1, { b: 'x' }], c: new Decimal(1, 2) });
  for (let end = 0; end < bytes.length; end++) {
    const nodes = dissectFrames(bytes.subarray(0, end));
    expectTiled(nodes, 0, end);
    expect(malformedIn(nodes).length).toBe(end === 0 ? 0 : 1);
  }
  for (let i = 0; i < bytes.length; i++) {
    for (const octet of [0, 0xff]) expectTiled(dissectFrames(bytes.with(i, octet)), 0, bytes.length);
  }
});

describe('the tree', () => {
  test('has each argument, and each bit with its mask', () => {
    const nodes = dissectFrames(bind({}));
    expect(at(nodes, 'method', 'classId')).toEqual({ name: 'classId', value: 50, offset: 7, length: 2 });
    expect(at(nodes, 'method', 'arguments', 'queue')).toEqual({ name: 'queue', value: 'q', offset: 13, length: 2 });
    expect(at(nodes, 'method', 'arguments', 'bits')).toEqual({
      name: 'bits', value: 1, offset: 17, length: 1,
      children: [{ name: 'noWait', value: true, offset: 17, length: 1, mask: 1 }],
    });
  });

  test('unfolds field tables', () => {
    const nodes = dissectFrames(bind({ a: [true, 'b'] }));
    const path = ['method', 'arguments', 'arguments', 'a'];
    expect(at(nodes, ...path, 'key')).toMatchObject({ value: 'a', length: 2 });
    expect(at(nodes, ...path, 'tag')).toMatchObject({ value: 'A', length: 1 });
    expect(at(nodes, ...path, '0', 'value')).toMatchObject({ value: true, length: 1 });
    expect(at(nodes, ...path, '1')).toMatchObject({ value: 'b', length: 6 });
  });

  test('has the flags of a content header one by one', () => {
    const nodes = dissectFrames(written((writer) => writeContentHeader(writer, 1, 0, { priority: 3 })));
    expect(at(nodes, 'header', 'flags').value).toBe(0x0800);
    expect(at(nodes, 'header', 'flags', 'priority')).toMatchObject({ value: true, mask: 0x0800 });
    expect(at(nodes, 'header', 'flags', 'headers')).toMatchObject({ value: false, mask: 0x2000 });
    expect(at(nodes, 'header', 'properties', 'priority').value).toBe(3);
  });

  test('goes no deeper than decoding does', () => {
    let deep: FieldTable = {};
    for (let level = 0; level < 100; level++) deep = { a: deep };
    const bytes = bind(deep);
    const nodes = dissectFrames(bytes);
    expectTiled(nodes, 0, bytes.length);
    expect(malformedIn(nodes).map(({ value }) => value)).toEqual(['field table is nested too deep']);
  });
});

describe('on one line', () => {
  test.each([
    ['a heartbeat', fromHex('08 0000 00000000 ce'), 'ch 0 heartbeat'],
    ['a protocol header', fromHex('414d5150 00000901'), 'AMQP 0-0-9-1'],
    ['another protocol header', fromHex('414d5150 03010000'), 'AMQP 3-1-0-0'],
    ['a type of frame that is none', fromHex('04 0000 00000000 ce'), 'malformed: unknown type of frame, 8 octets'],
    ['half a frame', fromHex('01 0001 000000'), 'malformed: truncated arguments, 6 octets'],
    ['a frame without its end', fromHex('08 0000 00000000 cd'), 'malformed: frame has a wrong end, 8 octets'],
    ['a frame that goes on', fromHex('03 0000 00000009 ce'), 'malformed: incomplete frame, 8 octets'],
    ['an unknown method', frame(1, '003c 03e7 ff'), 'ch 1 method malformed="unknown method 60.999"'],
    ['a method cut short', frame(1, '003c 0050 00000000'), 'ch 1 basic.ack malformed="truncated arguments"'],
    ['a method with more', frame(1, '005a 000a 00'), 'ch 1 tx.select malformed="octets left over"'],
    ['a heartbeat with a payload', frame(8, '00'), 'ch 1 heartbeat malformed="octets left over"'],
    ['a header that makes no sense', frame(2, '003c 0000'), 'ch 1 header malformed="truncated arguments"'],
    ['an empty body', frame(3, ''), 'ch 1 body payload=<0 octets>'],
  ])('%s', (_title, bytes, line) => {
    expect(dissectFrames(bytes).map(summarize)).toEqual([line]);
  });

  test('reads as the documentation shows it', () => {
    const bytes = written((writer) => writeMethod(writer, 1, 'basic.deliver', {
      consumerTag: 'ctag', deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q',
    }));
    expect(dissectFrames(bytes).map(summarize)).toEqual([
      'ch 1 basic.deliver consumerTag=ctag deliveryTag=1 redelivered=false exchange= routingKey=q',
    ]);
  });

  test('keeps secrets', () => {
    const bytes = written((writer) => {
      const response = new TextEncoder().encode('\0guest\0secret');
      const args = { clientProperties: {}, mechanism: 'PLAIN', response, locale: 'en' };
      writeMethod(writer, 0, 'connection.start-ok', args);
      writeMethod(writer, 0, 'connection.update-secret', { newSecret: response, reason: '' });
    });
    const lines = dissectFrames(bytes).map(summarize).join('\n');
    expect(lines).toContain('response=<13 octets>');
    expect(lines).toContain('newSecret=<13 octets>');
    expect(lines).not.toContain('secret\0');
    expect(lines).not.toMatch(/=.*guest/);
  });

  test.each([
    ['line feeds', 'a\nb', '"a\\nb"'],
    ['escape sequences', '\u001b[2J\u009b', '"\\u001b[2J\\u{9b}"'],
    ['marks that turn the direction', '\u202e', '"\\u{202e}"'],
    ['line separators', '\u2028', '"\\u{2028}"'],
    ['quotes', 'a"b', '"a\\"b"'],
    ['what looks like a field', 'a=b {c}', '"a=b {c}"'],
  ])('disarms %s', (_title, text, shown) => {
    const [line] = dissectFrames(bind({ [text]: text })).map(summarize);
    expect(line).toBe(`ch 1 queue.bind queue=q exchange= routingKey= noWait=true arguments={${shown}=${shown}}`);
  });

  test('shows entries whose keys are those of the tree itself', () => {
    const table = { size: { size: 1 }, bits: [2], reserved: true, value: { key: null, tag: 3n } };
    const [line] = dissectFrames(bind(table)).map(summarize);
    expect(line).toContain('arguments={size={size=1} bits={0=2} reserved=true value={key=null tag=3}}');
  });

  test('is not longer than a line should be', () => {
    const [line] = dissectFrames(bind({ text: 'x'.repeat(5000) })).map(summarize);
    expect(line).toHaveLength(1024);
    expect(line).toMatch(/x…$/);
  });
});
