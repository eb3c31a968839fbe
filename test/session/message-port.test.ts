/** A MessagePort keeps the contract of Serve as sockets do; Node's ports are like a browser's. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { BufferPool, VirtualClock, limits, servePort } from '../../core/index.ts';
import { Inbox, within } from '../clients/waiting.ts';
import { held, type HeldEnd } from '../node/doors.ts';

interface Joined {
  readonly near: HeldEnd;
  readonly far: HeldEnd;
  readonly pool: BufferPool;
  /** What became of the near link. */
  readonly outcome: Inbox<'completed' | 'failed'>;
  drop(): void;
}

async function join(): Promise<Joined> {
  const { port1, port2 } = new MessageChannel();
  const { serve, ends } = held();
  const env = { clock: new VirtualClock(), pool: new BufferPool() };
  const outcome = new Inbox<'completed' | 'failed'>();
  const link = servePort(port1, serve, env).subscribe({
    complete: () => outcome.put('completed'),
    error: () => outcome.put('failed'),
  });
  const near = await ends.take('the near end');
  const other = servePort(port2, serve, env).subscribe();
  const far = await ends.take('the far end');
  onTestFinished(() => {
    link.unsubscribe();
    other.unsubscribe();
  });
  return { near, far, outcome, pool: env.pool, drop: () => link.unsubscribe() };
}

async function bytesFrom({ inbound }: HeldEnd, count: number): Promise<number[]> {
  const bytes: number[] = [];
  while (bytes.length < count) bytes.push(...((await inbound.take('a chunk')) as Uint8Array));
  return bytes;
}

const of = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

describe('a MessagePort', () => {
  test('carries chunks both ways, in order', async () => {
    const { near, far } = await join();
    for (let i = 0; i < 10; i++) near.outbound.next(of(i));
    far.outbound.next(of(7, 7));
    expect(await bytesFrom(far, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await bytesFrom(near, 2)).toEqual([7, 7]);
    expect(near.link.peer).toMatchObject({ transport: 'memory', loopback: true });
  });

  test('copies, so that a buffer may be filled again at once', async () => {
    const { near, far, pool } = await join();
    const { bytes } = pool.take(4);
    near.outbound.next(bytes.fill(1).subarray(8, 12));
    bytes.fill(2);
    expect(await bytesFrom(far, 4)).toEqual([1, 1, 1, 1]);
    expect(bytes.length).toBe(limits.outputBatchBytes);
  });

  test('copies no more of a Node buffer than the chunk', async () => {
    const { near, far } = await join();
    const shared = Buffer.from('one');
    near.outbound.next(shared);
    expect(await bytesFrom(far, 3)).toEqual([...Buffer.from('one')]);
    expect(shared.toString()).toBe('one');
  });

  test('holds a sender back while nobody reads, and lets it go on after', async () => {
    const { near, far } = await join();
    const writable = new Inbox<boolean>();
    near.link.writable$?.subscribe(writable.put);
    expect(await writable.take('the state at first')).toBe(true);
    far.link.setReading?.(false);
    const half = limits.unsentBytesMax / 2 + 1;
    near.outbound.next(new Uint8Array(half));
    near.outbound.next(new Uint8Array(half));
    expect(await writable.take('to be held back')).toBe(false);
    expect(far.inbound.waitingCount).toBe(0);
    far.link.setReading?.(true);
    expect(await writable.take('to go on')).toBe(true);
    expect(await far.inbound.take()).toHaveLength(half);
    expect(await far.inbound.take()).toHaveLength(half);
  });

  test('keeps the order of what came while nobody read', async () => {
    const { near, far } = await join();
    far.link.setReading?.(false);
    near.outbound.next(of(1));
    near.outbound.complete();
    await within('the near end to leave', near.unsubscribed);
    far.link.setReading?.(true);
    expect(await far.inbound.take()).toEqual(of(1));
    expect(await far.inbound.take()).toBe('completed');
  });

  test('ends in order: what was sent arrives, then both links complete', async () => {
    const { near, far, outcome } = await join();
    near.outbound.next(of(1));
    near.outbound.complete();
    expect(await far.inbound.take()).toEqual(of(1));
    expect(await far.inbound.take()).toBe('completed');
    await within('the far end to be given up', far.unsubscribed);
    expect(await outcome.take()).toBe('completed');
  });

  test('that is dropped fails for the other end', async () => {
    const { far, drop } = await join();
    drop();
    expect(await far.inbound.take()).toBe('failed');
    await within('the far end to be given up', far.unsubscribed);
  });

  test('that is closed by its owner fails for the other end', async () => {
    const { port1, port2 } = new MessageChannel();
    const { serve, ends } = held();
    const env = { clock: new VirtualClock(), pool: new BufferPool() };
    const link = servePort(port1, serve, env).subscribe();
    onTestFinished(() => link.unsubscribe());
    const end = await ends.take('the end');
    port2.close();
    expect(await end.inbound.take()).toBe('failed');
  });

  test('over which something else is sent is dropped', async () => {
    const { port1, port2 } = new MessageChannel();
    const { serve, ends } = held();
    const env = { clock: new VirtualClock(), pool: new BufferPool() };
    const link = servePort(port1, serve, env).subscribe();
    onTestFinished(() => link.unsubscribe());
    const end = await ends.take('the end');
    port2.postMessage({ hello: 'world' });
    expect(await end.inbound.take()).toBe('failed');
  });
});
