/** `edge` and `pair`: the life of a `Serve` to the letter, and links in memory that behave as real ones do. */
import { Observable, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Broker } from '../../core/broker/broker.ts';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import type { Link, Machine, Serve, Sink } from '../../core/ports.ts';
import { edge } from '../../core/session/edge.ts';
import { pair } from '../../core/session/pair.ts';
import { textOf, utf8 } from '../support/bytes.ts';
import { connect } from '../support/test-client.ts';
import { RawPeer } from './raw-peer.ts';

/** A machine that writes down what it is told. */
class Told implements Machine {
  readonly told: string[] = [];
  sink!: Sink;
  link!: Link;
  readonly serve: Serve = edge((sink, link) => {
    this.sink = sink;
    this.link = link;
    return this;
  });

  receive(chunk: Uint8Array): void {
    this.told.push(`receive ${textOf(chunk)}`);
  }

  receiveEnd(error?: unknown): void {
    this.told.push(error === undefined ? 'end' : `end: ${String(error)}`);
  }

  setWritable(on: boolean): void {
    this.told.push(`writable ${on}`);
  }

  abort(): void {
    this.told.push('abort');
  }

  /** What it was told since the last time. */
  take(): string[] {
    return this.told.splice(0);
  }
}

function text(bytes: Uint8Array): string {
  return textOf(bytes);
}

describe('edge', () => {
  function setUp(): { machine: Told; peer: RawPeer } {
    const machine = new Told();
    const peer = new RawPeer(machine.serve);
    expect(machine.take()).toEqual(['writable true']);
    return { machine, peer };
  }

  test('opens no machine before the outbound is subscribed, and one for each subscription', () => {
    let opened = 0;
    const serve = edge(() => {
      opened++;
      return new Told();
    });
    const outbound = serve(new Subject<Uint8Array>(), { peer: new Told().link?.peer });
    expect(opened).toBe(0);
    const subscriptions = [outbound.subscribe(), outbound.subscribe()];
    expect(opened).toBe(2);
    for (const each of subscriptions) each.unsubscribe();
  });

  test('carries chunks in and batches out', () => {
    const { machine, peer } = setUp();
    peer.say(utf8('a'));
    machine.sink.send(utf8('b'));
    machine.sink.send(utf8('c'));
    expect([machine.take(), peer.take().map(text)]).toEqual([['receive a'], ['b', 'c']]);
  });

  test('an unsubscribed outbound is a lost transport: abort, once, and silence', () => {
    const { machine, peer } = setUp();
    peer.drop();
    expect(machine.take()).toEqual(['abort']);
    peer.say(utf8('late'));
    peer.writable$.next(false);
    peer.inbound.complete();
    peer.drop();
    machine.sink.send(utf8('late'));
    machine.sink.end();
    expect([machine.take(), peer.take(), peer.ended]).toEqual([[], [], undefined]);
    expect([peer.inbound.observed, peer.writable$.observed]).toEqual([false, false]);
  });

  test('an inbound that completes is told, and the machine may still answer', () => {
    const { machine, peer } = setUp();
    peer.inbound.complete();
    expect([machine.take(), peer.ended]).toEqual([['end'], undefined]);
    machine.sink.send(utf8('last'));
    machine.sink.end();
    expect([peer.take().map(text), peer.ended, machine.take()]).toEqual([['last'], 'completed', []]);
  });

  test('an inbound that fails is told with its error', () => {
    const { machine, peer } = setUp();
    peer.inbound.error('reset');
    expect(machine.take()).toEqual(['end: reset']);
  });

  test('a machine that ends completes the outbound, is not aborted and hears nothing more', () => {
    const { machine, peer } = setUp();
    machine.sink.end();
    expect([peer.ended, machine.take()]).toEqual(['completed', []]);
    peer.say(utf8('late'));
    peer.writable$.next(false);
    expect(machine.take()).toEqual([]);
    expect([peer.inbound.observed, peer.writable$.observed]).toEqual([false, false]);
  });

  test('a machine that ends while it is opened leaves nothing behind', () => {
    const machine = new Told();
    const inbound = new Subject<Uint8Array>();
    let completed = false;
    edge((sink) => {
      sink.end();
      return machine;
    })(inbound, { peer: setUp().machine.link.peer }).subscribe({ complete: () => (completed = true) });
    inbound.next(utf8('late'));
    expect([completed, machine.take(), inbound.observed]).toEqual([true, [], false]);
  });

  test('back-pressure goes both ways', () => {
    const { machine, peer } = setUp();
    peer.writable$.next(false);
    peer.writable$.next(true);
    expect(machine.take()).toEqual(['writable false', 'writable true']);
    machine.sink.setReading(false);
    machine.sink.setReading(true);
    expect(peer.reading).toEqual([false, true]);
  });

  test('a link that cannot pause and is always writable will do', () => {
    const machine = new Told();
    const { peer } = setUp().machine.link;
    machine.serve(new Subject<Uint8Array>(), { peer }).subscribe();
    machine.sink.setReading(false);
    expect(machine.take()).toEqual([]);
  });
});

describe('pair', () => {
  function setUp(): { clock: VirtualClock; a: Told; b: Told; wire: { unsubscribe(): void; closed: boolean } } {
    const clock = new VirtualClock();
    const [a, b] = [new Told(), new Told()];
    const wire = pair(clock, a.serve, b.serve);
    expect([a.take(), b.take()]).toEqual([['writable true'], ['writable true']]);
    return { clock, a, b, wire };
  }

  test('no end calls into the other: chunks wait for the next task, in order', () => {
    const { clock, a, b } = setUp();
    for (const each of ['1', '2', '3']) a.sink.send(utf8(each));
    b.sink.send(utf8('4'));
    expect([a.told, b.told]).toEqual([[], []]);
    clock.runDeferred();
    expect([a.take(), b.take()]).toEqual([['receive 4'], ['receive 1', 'receive 2', 'receive 3']]);
    expect(clock.pending).toBe(0);
  });

  test('what was sent before the end still arrives, then the end', () => {
    const { clock, a, b } = setUp();
    a.sink.send(utf8('1'));
    a.sink.end();
    clock.runUntilIdle();
    expect([a.take(), b.take()]).toEqual([[], ['receive 1', 'end']]);
    b.sink.send(utf8('nobody hears it'));
    b.sink.end();
    clock.runUntilIdle();
    expect([a.take(), b.take(), clock.pending]).toEqual([[], [], 0]);
  });

  test('one unsubscribe tears both ends down', () => {
    const { clock, a, b, wire } = setUp();
    a.sink.send(utf8('lost'));
    wire.unsubscribe();
    expect([a.take(), b.take()]).toEqual([['abort'], ['abort']]);
    clock.runUntilIdle();
    b.sink.send(utf8('lost'));
    clock.runUntilIdle();
    expect([a.take(), b.take(), clock.pending]).toEqual([[], [], 0]);
  });

  test('an end that does not read makes the other not writable, and misses nothing', () => {
    const { clock, a, b } = setUp();
    b.sink.setReading(false);
    expect(a.take()).toEqual(['writable false']);
    for (const each of ['1', '2']) a.sink.send(utf8(each));
    a.sink.end();
    clock.runUntilIdle();
    expect(b.take()).toEqual([]);
    b.sink.setReading(true);
    clock.runUntilIdle();
    expect(b.take()).toEqual(['receive 1', 'receive 2', 'end']);
  });

  test('an end that stops reading within a chunk gets the next one later', () => {
    const { clock, a, b } = setUp();
    const receive = b.receive.bind(b);
    b.receive = (chunk) => {
      receive(chunk);
      b.sink.setReading(false);
    };
    for (const each of ['1', '2', '3']) a.sink.send(utf8(each));
    for (const each of ['1', '2', '3']) {
      clock.runUntilIdle();
      expect(b.take()).toEqual([`receive ${each}`]);
      b.sink.setReading(true);
    }
    expect(a.take().join()).toBe(Array.from({ length: 3 }, () => 'writable false,writable true').join());
  });

  test('any two serves go together, a machine or not', () => {
    const clock = new VirtualClock();
    const echo: Serve = (inbound) => inbound;
    const heard: string[] = [];
    const wire = pair(clock, echo, (inbound) => new Observable((outbound) => {
      const subscription = inbound.subscribe((chunk) => heard.push(text(chunk)));
      outbound.next(utf8('hello'));
      return subscription;
    }));
    clock.runUntilIdle();
    expect(heard).toEqual(['hello']);
    wire.unsubscribe();
  });
});

describe('a broker behind a pair', () => {
  function setUp(): { broker: Broker; clock: VirtualClock } {
    const clock = new VirtualClock();
    return { broker: new Broker({ clock, random: () => 0.5 }), clock };
  }

  test('delivers nothing to a client that does not read, and all of it later', () => {
    const { broker, clock } = setUp();
    const slow = connect(broker, clock);
    const consumer = slow.channel();
    consumer.call('queue.declare', { queue: 'q' });
    consumer.call('basic.consume', { queue: 'q', noAck: true });
    consumer.take();
    slow.setReading(false);
    const publisher = connect(broker, clock).channel();
    for (let index = 0; index < 100; index++) publisher.publish('', 'q', String(index));
    expect(publisher.call('queue.declare', { queue: 'q', passive: true }).messageCount).toBe(100);
    expect(consumer.take()).toEqual([]);
    slow.setReading(true);
    expect(consumer.take().map((each) => each.text)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    expect(broker.store.liveBytes).toBe(0);
  });

  test('stops reading a publisher while there is an alarm, and it alone [CON-33]', () => {
    const { broker, clock } = setUp();
    const publisher = connect(broker, clock);
    const channel = publisher.channel();
    channel.call('queue.declare', { queue: 'q' });
    channel.publish('', 'q', 'before');
    broker.setAlarm('memory', true);
    clock.runUntilIdle();
    expect(publisher.received).toEqual([{ name: 'connection.blocked', args: { reason: 'low on memory' } }]);
    channel.publish('', 'q', 'during');
    const other = connect(broker, clock).channel();
    expect(other.call('queue.declare', { queue: 'q', passive: true }).messageCount).toBe(1);
    broker.setAlarm('memory', false);
    clock.runUntilIdle();
    expect(publisher.received.at(-1)!.name).toBe('connection.unblocked');
    expect(other.call('queue.declare', { queue: 'q', passive: true }).messageCount).toBe(2);
  });

  test('requeues what a lost client held, and deletes what was its own', () => {
    const { broker, clock } = setUp();
    const client = connect(broker, clock);
    const channel = client.channel();
    channel.call('queue.declare', { queue: 'own', exclusive: true });
    channel.call('queue.declare', { queue: 'q' });
    channel.call('basic.consume', { queue: 'q' });
    channel.publish('', 'q', 'held');
    client.drop();
    expect(client.end).toEqual({ by: 'transport' });
    expect([...broker.vhost().queues.keys()]).toEqual(['q']);
    const other = connect(broker, clock);
    expect(other.channel().call('basic.get', { queue: 'q' })).toMatchObject({ redelivered: true });
    other.drop();
    expect([broker.connectionCount, clock.pending]).toEqual([0, 0]);
  });
});
