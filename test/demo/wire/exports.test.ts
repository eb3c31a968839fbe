import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, onTestFinished, test } from 'vitest';
import { toJsonLines, toTest } from '../../../demo/screens/wire/exports.ts';
import { toPcapng } from '../../../demo/screens/wire/pcapng.ts';
import type { WireFrame } from '../../../demo/screens/wire/wire-frame.ts';
import { fixture } from '../../support/fixture.ts';
import { consume, declareQueue } from '../../support/steps.ts';
import { inspect } from './frames.ts';

/** Two connections and a body that takes several packets. */
function capture(): readonly WireFrame[] {
  const made = fixture();
  const log = inspect(made);
  const [one, two] = [made.open(), made.open()];
  declareQueue(one, 'q');
  consume(two, 'q');
  one.publish('', 'q', 'hello');
  one.publish('', 'q', 'x'.repeat(40_000));
  return log().frames;
}

interface Packet { readonly from: number; readonly to: number; readonly payload: Uint8Array }

/** Reads the packets back and checks all lengths and sums on the way. */
function readCapture(bytes: Uint8Array): Packet[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const [type, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    expect(view.getUint32(at + length - 4, true)).toBe(length);
    if (type === 6) packets.push(readPacket(bytes.subarray(at + 28, at + 28 + view.getUint32(at + 20, true))));
    at += length;
  }
  return packets;
}

function readPacket(ip: Uint8Array): Packet {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length);
  expect(view.getUint16(2)).toBe(ip.length);
  expect(onesComplement(ip.subarray(0, 20))).toBe(0xffff);
  expect(onesComplement(ip.subarray(12), 6 + ip.length - 20)).toBe(0xffff);
  return { from: view.getUint16(20), to: view.getUint16(22), payload: ip.subarray(40) };
}

function onesComplement(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = Math.floor(sum / 0x1_0000) + (sum % 0x1_0000);
  return sum;
}

test('a capture holds every octet of both directions, in order', () => {
  const frames = capture();
  const packets = readCapture(toPcapng(frames, 1_700_000_000_000));
  const octets = (chosen: readonly Packet[]): string => (
    Buffer.concat(chosen.map(({ payload }) => payload)).toString('latin1')
  );
  const sent = (connection: string, direction: string): string => frames
    .filter((frame) => frame.connection === connection && frame.direction === direction)
    .map(({ text }) => text).join('');
  for (const [index, connection] of ['connection-1', 'connection-2'].entries()) {
    const port = 40_000 + index;
    expect(octets(packets.filter(({ from }) => from === port))).toBe(sent(connection, 'in'));
    expect(octets(packets.filter(({ to }) => to === port))).toBe(sent(connection, 'out'));
  }
});

/** Where Wireshark's command line is installed, its own decoder has the last word. */
test('Wireshark, where it is at hand, finds every frame and none malformed', () => {
  const frames = capture();
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-capture-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'capture.pcapng');
  writeFileSync(file, toPcapng(frames, 1_700_000_000_000));
  const fields = ['-T', 'fields', '-e', 'amqp.channel', '-e', '_ws.malformed', '-Y', 'amqp'];
  const { status, stdout, error } = spawnSync('tshark', ['-r', file, ...fields], { encoding: 'utf8' });
  if (error !== undefined) return expect(readCapture(toPcapng(frames, 0)).length).toBeGreaterThan(frames.length);
  expect(status).toBe(0);
  const rows = stdout.trimEnd().split('\n').map((row) => row.split('\t'));
  expect(rows.flatMap(([, malformed]) => malformed || [])).toEqual([]);
  const headers = frames.filter(({ kind }) => kind === 'protocol header').length;
  expect(rows.flatMap(([channels]) => channels!.split(',').filter(Boolean)).length).toBe(frames.length - headers);
});

test('JSON lines say all that there is to say of each frame', () => {
  const frames = capture();
  const lines = toJsonLines(frames).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(frames.length);
  expect(lines[0]).toEqual({
    seq: 1, at: 0, connection: 'connection-1', channel: 0, direction: 'in', kind: 'protocol header',
    summary: 'AMQP 0-0-9-1', hex: '414d515000000901',
  });
});

test('a frame becomes a test that compiles', () => {
  const publish = capture().find(({ kind }) => kind === 'basic.publish')!;
  const source = toTest(publish);
  const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true });
  expect(diagnostics).toEqual([]);
  expect(source).toContain(publish.hex);
});
