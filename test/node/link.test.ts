/** The contract of Serve, kept by each kind of socket. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { limits, type BufferPool } from '../../core/index.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from './certificate.ts';
import { tcpClient, tlsClient, webSocketClient, type ByteClient } from './client.ts';
import { echo, held, openDoors, type DoorsOptions, type HeldEnd, type OpenDoors } from './doors.ts';

type Connect = (doors: OpenDoors) => Promise<ByteClient>;

const certificates = useCertificates();

/** What the doors need for TLS; nothing where there is no tool to make certificates. */
function doorsOptions(): DoorsOptions {
  if (!canMakeCertificates) return {};
  const { certificate, key } = certificates.server;
  return { tls: { certificate, key } };
}

const ways: (readonly [string, Connect])[] = [['TCP', tcpClient], ['WebSocket', webSocketClient]];
if (canMakeCertificates) {
  ways.push(['TLS', (doors) => tlsClient(doors, certificates.authority.pem)]);
}

/** Bytes that repeat nowhere near, so that a swap or a loss shows. */
function sample(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let i = 0, state = 1; i < count; i++) {
    state = (state * 48_271) % 0x7fff_ffff;
    bytes[i] = state & 0xff;
  }
  return bytes;
}

async function accept(connect: Connect): Promise<OpenDoors & { client: ByteClient; end: HeldEnd }> {
  const { serve, ends } = held();
  const open = await openDoors(serve, doorsOptions());
  const client = await connect(open);
  return { ...open, client, end: await ends.take('the accepted connection') };
}

/** Resolves when the broker's end has had so many bytes; fails if it has had another event. */
async function inboundBytes(end: HeldEnd, count: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < count) {
    const event = await end.inbound.take(`byte ${bytes} of ${count}`);
    if (typeof event === 'string') throw new Error(`the inbound ${event}`);
    chunks.push(event);
    bytes += event.length;
  }
  return Buffer.concat(chunks);
}

/** A block of the pool, full of one octet. */
function filledBlock(pool: BufferPool, octet: number): Uint8Array {
  const { bytes } = pool.take(limits.outputBatchBytes);
  return bytes.fill(octet);
}

describe.each(ways)('a link over %s', (way, connect) => {
  test('carries all bytes in order, however they are cut', async () => {
    const client = await connect(await openDoors(echo, doorsOptions()));
    const sent = sample(1_000_003);
    for (let at = 0, step = 1; at < sent.length; at += step, step = (step * 7) % 65_521) {
      client.send(sent.subarray(at, at + step));
    }
    const received = await client.received(sent.length);
    expect(received.equals(sent)).toBe(true);
  });

  test('hands over plain bytes, whose slice is a copy', async () => {
    const { client, end } = await accept(connect);
    client.send(Buffer.from('AMQP'));
    const chunk = (await end.inbound.take()) as Uint8Array;
    expect(chunk.constructor).toBe(Uint8Array);
  });

  test('tells who the peer is', async () => {
    const { end } = await accept(connect);
    const { peer } = end.link;
    expect(peer).toMatchObject({ address: '127.0.0.1', loopback: true, secure: way === 'TLS' });
    expect(peer.port).toBeGreaterThan(0);
  });

  test('flushes before it closes when the outbound completes', async () => {
    const { client, end } = await accept(connect);
    const last = sample(500_000);
    end.outbound.next(last);
    end.outbound.complete();
    const received = await client.received(last.length);
    expect(received.equals(last)).toBe(true);
    expect(await client.closed).toBe(true);
  });

  test('completes the inbound when the peer closes', async () => {
    const { client, end } = await accept(connect);
    client.end();
    expect(await end.inbound.take()).toBe('completed');
    end.outbound.complete();
    expect(await client.closed).toBe(true);
  });

  test('fails the inbound and unsubscribes when the peer is lost', async () => {
    const { client, end } = await accept(connect);
    end.outbound.next(Buffer.from('x'));
    await client.received(1);
    client.reset();
    expect(await end.inbound.take()).toBe('failed');
    await within('the outbound to be given up', end.unsubscribed);
  });

  test('drops the peer when it is unsubscribed', async () => {
    const { doors, clock, client, end } = await accept(connect);
    const closing = doors.close();
    clock.advanceBy(limits.lingerMs);
    await within('the outbound to be given up', end.unsubscribed);
    await client.closed;
    await closing;
  });

  test('does not wait for ever for a peer that does not close', async () => {
    const { clock, client, end } = await accept(connect);
    client.pause();
    const unread = sample(limits.unsentBytesMax * 16);
    end.outbound.next(unread);
    end.outbound.complete();
    clock.advanceBy(limits.lingerMs);
    await within('the outbound to be given up', end.unsubscribed);
    client.resume();
    await client.closed;
    expect(client.receivedBytes).toBeLessThan(unread.length);
  });

  test('is not writable while the peer does not read, and again when it does', async () => {
    const { client, end } = await accept(connect);
    const states: boolean[] = [];
    const writableAgain = new Promise<void>((resolve) => {
      end.link.writable$!.subscribe((on) => {
        states.push(on);
        if (on && states.length > 1) resolve();
      });
    });
    client.pause();
    const chunk = sample(65_536);
    let sentBytes = 0;
    while (states.at(-1) === true) {
      end.outbound.next(chunk.slice());
      sentBytes += chunk.length;
      // What the kernel and the paused client swallow is for them to bound.
      expect(sentBytes).toBeLessThan(64 * limits.unsentBytesMax);
    }
    client.resume();
    await within('the link to be writable again', writableAgain);
    expect(states).toEqual([true, false, true]);
    expect((await client.received(sentBytes)).subarray(-65_536).equals(chunk)).toBe(true);
  });

  test('stops the producer while it does not read', async () => {
    const { serve, ends } = held();
    const open = await openDoors(serve, doorsOptions());
    const client = await connect(open);
    const end = await ends.take();
    const other = await connect(open);
    const otherEnd = await ends.take();

    end.link.setReading!(false);
    const sent = sample(16 * limits.unsentBytesMax);
    for (let at = 0; at < sent.length; at += 65_536) client.send(sent.subarray(at, at + 65_536));
    // Bytes that had a way would have come before those that go there and back so many times.
    for (let round = 0; round < 50; round++) {
      other.send(Buffer.from([round]));
      await otherEnd.inbound.take();
      otherEnd.outbound.next(Uint8Array.of(round));
      await other.received(round + 1);
    }
    expect(end.inbound.waitingCount).toBe(0);
    expect(client.unsentBytes).toBeGreaterThan(0);

    end.link.setReading!(true);
    const received = await inboundBytes(end, sent.length);
    expect(received.equals(sent)).toBe(true);
  });

  test('gives no buffer back before it is gone', async () => {
    const { client, end, pool } = await accept(connect);
    const blocks = 400;
    client.pause();
    for (let i = 0; i < blocks; i++) end.outbound.next(filledBlock(pool, i % 251));
    client.resume();
    const received = await client.received(blocks * limits.outputBatchBytes);
    for (let i = 0; i < blocks; i++) {
      const start = i * limits.outputBatchBytes;
      expect(received[start], `first octet of block ${i}`).toBe(i % 251);
      expect(received[start + limits.outputBatchBytes - 1], `last octet of block ${i}`).toBe(i % 251);
    }
  });

  test('gives a buffer back as soon as the kernel has it', async () => {
    const { client, end, pool } = await accept(connect);
    const block = filledBlock(pool, 1);
    end.outbound.next(block.subarray(0, 100));
    // What TLS encrypts is on its way somewhat later.
    if (way === 'TLS') await client.received(100);
    expect(pool.take(limits.outputBatchBytes).bytes.buffer).toBe(block.buffer);
  });

  test('survives a fault of the broker on another connection, which ends and is logged', async () => {
    const { serve, ends } = held();
    const open = await openDoors(serve, doorsOptions());
    const victim = await connect(open);
    const victimEnd = await ends.take();
    const other = await connect(open);
    const otherEnd = await ends.take();

    victimEnd.outbound.error(new Error('broken invariant: for the test'));
    await victim.closed;
    otherEnd.outbound.next(Buffer.from('still here'));
    expect((await other.received(10)).toString()).toBe('still here');
    expect(open.logged).toHaveLength(1);
    expect(open.logged[0]).toMatchObject({ level: 'error', component: 'connection' });
  });
});

test('a TCP peer that has ended its stream still gets an answer', async () => {
  const { client, end } = await accept(tcpClient);
  client.end();
  expect(await end.inbound.take()).toBe('completed');
  end.outbound.next(Buffer.from('late answer'));
  end.outbound.complete();
  expect((await client.received(11)).toString()).toBe('late answer');
  expect(await client.closed).toBe(true);
});

test('a connection that closes leaves no timer behind', async () => {
  const { serve, ends } = held();
  const open = await openDoors(serve, doorsOptions());
  const client = await tcpClient(open);
  const end = await ends.take();
  end.outbound.complete();
  await client.closed;
  expect(open.clock.pending).toBe(1);
  client.end();
  await within('the socket to close', once(client.socket, 'close'));
  await within('the outbound to be given up', end.unsubscribed);
  await open.doors.close();
  expect(open.clock.pending).toBe(0);
});
