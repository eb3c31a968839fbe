/** Bytes that mean nothing, or almost something: they may be refused, with AmqpError and no other. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { Arbitrary } from '../support/property.ts';
import { methodCodec, writeMethod } from '../../core/protocol/codec.ts';
import { blockOf } from '../../core/protocol/bytes.ts';
import { dissectFrames, summarize } from '../../core/protocol/dissect.ts';
import {
  readTable, readTableContent, readValue, writeTable,
} from '../../core/protocol/field-table.ts';
import { eachField, findField } from '../../core/protocol/raw-table.ts';
import { readProperties, writeProperties } from '../../core/protocol/properties.ts';
import { locateProperty } from '../../core/protocol/raw-properties.ts';
import { basicProperties } from '../../core/protocol/spec.ts';
import { amqpErrorOf, argsOf, fieldTables, methodNames, propertySets, readAll, written } from './generators.ts';

const noise = fc.uint8Array({ maxLength: 200 });

/** Bytes with one of them changed, or some cut off, which gets deeper than noise does. */
function damaged(whole: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  return fc.tuple(whole, fc.nat(), fc.nat(255), fc.boolean()).map(([bytes, place, octet, cut]) => {
    const at = place % (bytes.length + 1);
    if (cut || at === bytes.length) return bytes.slice(0, at);
    return bytes.with(at, octet);
  });
}

const tables = fieldTables.map((table) => written((writer) => writeTable(writer, table)));
const properties = propertySets.map((set) => written((writer) => writeProperties(writer, set)));
const frames = fc.constantFrom(...methodNames).chain((name) => (
  argsOf(name).map((args) => written((writer) => writeMethod(writer, 1, name, args)))
));

/** Runs `read` on noise and on damage, and checks that refusals blame the peer's syntax. */
function expectRefusals(whole: Arbitrary<Uint8Array>, read: (bytes: Uint8Array) => unknown): void {
  let refusals = 0;
  fc.assert(fc.property(fc.oneof(noise, damaged(whole)), (bytes) => {
    const failure = amqpErrorOf(() => read(bytes));
    if (failure === undefined) return;
    refusals++;
    expect(failure.replyCode).toBe(502);
  }), { numRuns: 300 });
  expect(refusals).toBeGreaterThan(0);
}

test.each(methodNames.filter((name) => !name.endsWith('-ok')))('decoding of %s', (name) => {
  const args = argsOf(name).map((each) => written((writer) => methodCodec(name).encode(writer, each)));
  expectRefusals(args, (bytes) => readAll(bytes, methodCodec(name).decode));
});

test('decoding of field tables', () => {
  expectRefusals(tables, (bytes) => readAll(bytes, readTable));
  expectRefusals(tables, (bytes) => readAll(bytes.subarray(4), readTableContent));
  expectRefusals(tables, (bytes) => readAll(bytes.subarray(6), readValue));
});

test('access to field tables in place', () => {
  expectRefusals(tables, (bytes) => findField(blockOf(bytes), 4, bytes.length, 'x-match'));
  expectRefusals(tables, (bytes) => {
    eachField(blockOf(bytes), 4, bytes.length, (...[, , , valueStart, valueEnd]) => {
      expect(valueEnd).toBeGreaterThanOrEqual(valueStart);
      expect(valueEnd).toBeLessThanOrEqual(bytes.length);
    });
  });
});

test('decoding of properties, and access in place', () => {
  expectRefusals(properties, (bytes) => readAll(bytes, readProperties));
  expectRefusals(properties, (bytes) => {
    for (const [name] of basicProperties) locateProperty(blockOf(bytes), 0, bytes.length, name);
  });
});

test('the dissector explains anything', () => {
  fc.assert(fc.property(fc.oneof(noise, damaged(frames)), (bytes) => {
    const nodes = dissectFrames(bytes);
    expect(nodes.reduce((sum, { length }) => sum + length, 0)).toBe(bytes.length);
    for (const node of nodes) expect(summarize(node)).not.toMatch(/[\n\r]/);
  }), { numRuns: 1000 });
});
