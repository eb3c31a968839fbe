import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { encodeMessage } from '../../core/broker/message/bytes.ts';
import type { Address } from '../../core/broker/message/address.ts';
import { MessageStore } from '../../core/broker/message/store.ts';
import { StoredMessage } from '../../core/broker/message/stored-message.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import { frameTypes } from '../../core/protocol/spec.ts';
import { fixture, text } from '../support/fixture.ts';
import { ack, consume, declareQueue, deliveries, get, texts } from '../support/steps.ts';
import { argumentsOf, type TestChannel } from '../support/test-client.ts';

const MIB = 1_048_576;

/** Stores a body of this many octets, each of which is `mark`. */
function append(store: MessageStore, bytes: number, mark = 0): Address {
  const body = new Uint8Array(bytes).fill(mark);
  return store.append(encodeMessage('x', `key ${mark}`, { priority: mark }, body));
}

interface Kept {
  readonly address: Address;
  readonly length: number;
  readonly mark: number;
  readonly readers: number;
}

/** Lets each reader read the message before it lets go of it. */
function release(store: MessageStore, { address, length, mark, readers }: Kept): void {
  for (let left = readers - 1; left >= 0; left--) {
    store.locate(address);
    const { routingKey, properties, body } = new StoredMessage(store, store.marks);
    expect([routingKey, properties.priority, body.length]).toEqual([`key ${mark}`, mark, length]);
    expect([body.at(0) ?? mark, body.at(-1) ?? mark]).toEqual([mark, mark]);
    expect(store.release(address)).toBe(left === 0);
  }
}

/** Publishes to q a body of this many octets, one a frame. */
function publishCrumbs(channel: TestChannel, count: number): void {
  const { session } = channel.client;
  session.send(channel.number, 'basic.publish', argumentsOf('basic.publish', { routingKey: 'q' }));
  writeContentHeader(session.writer, channel.number, count, {});
  for (let i = 0; i < count; i++) {
    const frame = session.writer.beginFrame(frameTypes.body, channel.number);
    session.writer.octet('x'.charCodeAt(0));
    session.writer.endFrame(frame);
  }
  channel.client.run();
}

describe('references', () => {
  test('a message lives until the last one who refers to it lets go', () => {
    const store = new MessageStore();
    const address = append(store, 100, 7);
    store.retain(address);
    release(store, { address, length: 100, mark: 7, readers: 2 });
    expect(store.liveBytes).toBe(0);
  });

  test('one copy serves all queues of a fan-out', () => {
    const { open, vhost, broker } = fixture();
    const channel = open();
    for (let i = 0; i < 10; i++) {
      declareQueue(channel, `q${i}`);
      vhost.bind(vhost.exchange('amq.fanout'), vhost.queue(`q${i}`), '', {});
    }
    channel.publish('amq.fanout', '', 'x'.repeat(10_000));
    expect(broker.store.liveBytes).toBeLessThan(11_000);
    for (let i = 0; i < 10; i++) {
      expect(broker.store.liveBytes).toBeGreaterThan(10_000);
      get(channel, `q${i}`);
    }
    expect(broker.store.liveBytes).toBe(0);
  });
});

describe('memory', () => {
  test('what is consumed is given back', () => {
    const store = new MessageStore();
    const addresses = Array.from({ length: 4000 }, () => append(store, 10_000));
    expect(store.allocatedBytes).toBeGreaterThan(40_000_000);
    for (const address of addresses) store.release(address);
    expect(store.liveBytes).toBe(0);
    expect(store.allocatedBytes).toBeLessThanOrEqual(MIB);
  });

  test('a message larger than a segment has one of its own, which goes with it', () => {
    const store = new MessageStore();
    const address = append(store, 3 * MIB, 9);
    expect(store.allocatedBytes).toBeGreaterThanOrEqual(3 * MIB);
    release(store, { address, length: 3 * MIB, mark: 9, readers: 1 });
    expect(store.allocatedBytes).toBeLessThanOrEqual(MIB);
  });

  test('a slow queue beside a busy one does not pin the memory of both', () => {
    const { vhost, broker } = fixture();
    vhost.declareQueue({ queue: 'slow' });
    vhost.declareQueue({ queue: 'busy' });
    vhost.queue('busy').consume({ noAck: true }).subscribe();
    const body = new Uint8Array(10_000);
    for (let i = 0; i < 10_000; i++) {
      const routingKey = i % 100 === 0 ? 'slow' : 'busy';
      vhost.exchange('').publish({ routingKey, body, properties: { messageId: `${i}` } });
    }
    const { store } = broker;
    expect(store.liveBytes).toBeLessThan(1_100_000);
    // 100 MB went through; what lies dead before messages are moved together has its limit.
    expect(store.allocatedBytes).toBeLessThan(20 * MIB);
    const ids: string[] = [];
    vhost.queue('slow').consume({ noAck: true }).subscribe(({ properties }) => ids.push(properties.messageId!));
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => `${100 * i}`));
  });

  test('property: every message stays what it was, wherever it is moved', () => {
    const bytes = fc.oneof(fc.nat(2000), fc.integer({ min: 100_000, max: 270_000 }));
    const arrival = fc.record({ bytes, stays: fc.nat(9).map((n) => n === 0), readers: fc.integer({ min: 1, max: 3 }) });
    const arrivals = fc.array(arrival, { minLength: 300, maxLength: 400 });
    // To make so much smaller would take far longer than to look at it.
    const parameters = { numRuns: 20, endOnFailure: true };
    fc.assert(fc.property(arrivals, (all) => {
      const store = new MessageStore();
      const stay: Kept[] = [];
      const leave: Kept[] = [];
      all.forEach(({ bytes: length, stays, readers }, i) => {
        const kept = { address: append(store, length, i % 251), length, mark: i % 251, readers };
        for (let n = 1; n < readers; n++) store.retain(kept.address);
        (stays ? stay : leave).push(kept);
        if (leave.length > 3) release(store, leave.shift()!);
        expect(store.allocatedBytes).toBeLessThan(4 * store.liveBytes + 18 * MIB);
      });
      for (const kept of [...stay, ...leave]) release(store, kept);
      expect(store.liveBytes).toBe(0);
      expect(store.allocatedBytes).toBeLessThanOrEqual(MIB);
    }), parameters);
  });
});

describe('bodies and frames', () => {
  const body = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(97 + i % 26)).join('');

  test.each([[4096, 131_072], [131_072, 4096], [4096, 5000], [131_072, 131_072]])(
    'from a publisher with frames of %i octets to a consumer of %i [basic.deliver]', (from, to) => {
      const { open } = fixture();
      const [publisher, consumer] = [open({ frameMax: from }), open({ frameMax: to })];
      declareQueue(consumer, 'q');
      publisher.publish('', 'q', body);
      expect(get(consumer, 'q', false)!.text).toBe(body);
      consumer.call('basic.recover', { requeue: true });
      consume(consumer, 'q');
      publisher.publish('', 'q', body);
      expect(texts(consumer)).toEqual([body, body]);
      ack(consumer, deliveries(consumer).at(-1)!.args.deliveryTag, true);
    },
  );

  test.each([0, 1, 4088, 4089, 8176, 131_064, 131_065])('a body of %i octets comes as it went', (length) => {
    const { open } = fixture();
    const [publisher, consumer] = [open(), open({ frameMax: 4096 })];
    declareQueue(consumer, 'q');
    consume(consumer, 'q', { noAck: true });
    publisher.publish('', 'q', body.slice(0, length));
    expect(texts(consumer)).toEqual([body.slice(0, length)]);
  });

  test('a body cut into crumbs takes no more room than one in one piece', () => {
    const { open, broker } = fixture();
    const whole = open();
    declareQueue(whole, 'q');
    whole.publish('', 'q', 'x'.repeat(1000));
    const { liveBytes } = broker.store;
    get(whole, 'q');
    publishCrumbs(open(), 1000);
    expect(broker.store.liveBytes).toBe(liveBytes);
    expect(get(whole, 'q')!.text).toBe('x'.repeat(1000));
  });
});

test('a message in process is a copy: it outlives what it came from', () => {
  const { vhost, broker } = fixture();
  vhost.declareQueue({ queue: 'q' });
  const bodies: Uint8Array[] = [];
  vhost.queue('q').consume({ noAck: true }).subscribe((message) => bodies.push(message.body));
  for (const body of ['first', 'other']) vhost.exchange('').publish({ routingKey: 'q', body });
  expect(broker.store.liveBytes).toBe(0);
  expect(bodies.map(text)).toEqual(['first', 'other']);
});
