/** What is durable, over a restart: a second broker on the journal of the first. */
import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Broker, durableIn, VirtualClock } from '../../core/index.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { text } from '../support/fixture.ts';

const persistent = { deliveryMode: 2 } as const;

async function startOn(journal: MemoryJournal, clock: VirtualClock): Promise<Broker> {
  const broker = new Broker({ clock, random: () => 0.5, durability: durableIn(journal) });
  await broker.recover();
  return broker;
}

function waiting(broker: Broker, queue: string): string[] {
  const bodies: string[] = [];
  broker.vhost().queue(queue).forEachReady(({ body }) => bodies.push(text(body)));
  return bodies;
}

/** A broker with a durable queue in which three persistent messages wait, and its journal. */
async function filled(): Promise<{ broker: Broker; clock: VirtualClock; journal: MemoryJournal }> {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const broker = await startOn(journal, clock);
  broker.turn.within(() => broker.vhost().declareQueue({ queue: 'kept', durable: true }));
  for (const body of ['1', '2', '3']) {
    broker.vhost().exchange('').publish({ routingKey: 'kept', body, properties: persistent });
  }
  return { broker, clock, journal };
}

describe('survives a restart', () => {
  test('a durable exchange, its queue and the binding between them', async () => {
    const { broker, clock, journal } = await filled();
    const vhost = broker.vhost();
    broker.turn.within(() => {
      const exchange = vhost.declareExchange({ exchange: 'orders', type: 'topic', durable: true });
      vhost.bind(exchange, vhost.queue('kept'), 'order.*', {});
    });
    const next = await startOn(journal.reopen(), clock);
    next.vhost().exchange('orders').publish({
      routingKey: 'order.new', body: '4', properties: persistent,
    });
    expect(waiting(next, 'kept')).toEqual(['1', '2', '3', '4']);
  });

  test('what was not acknowledged, redelivered and in its place', async () => {
    const { broker, clock, journal } = await filled();
    broker.vhost().queue('kept').consume({ prefetch: 2 }).subscribe((message) => {
      if (text(message.body) === '2') message.ack();
    });
    const next = await startOn(journal.reopen(), clock);
    const seen: [string, boolean][] = [];
    next.vhost().queue('kept').consume().subscribe(({ body, redelivered }) => {
      seen.push([text(body), redelivered]);
    });
    // After a crash nobody knows what was out, so all of it counts as redelivered.
    expect(seen).toEqual([['1', true], ['3', true]]);
  });

  test('what was delivered since a start after a good end, and not acknowledged', async () => {
    const { broker, clock, journal } = await filled();
    await broker.stop();
    const reopened = journal.reopen();
    const second = await startOn(reopened, clock);
    const seen: boolean[] = [];
    second.vhost().queue('kept').consume().subscribe(({ redelivered }) => seen.push(redelivered));
    const third = await startOn(reopened.reopen(), clock);
    third.vhost().queue('kept').consume().subscribe(({ redelivered }) => seen.push(redelivered));
    expect(seen).toEqual([false, false, false, true, true, true]);
  });

  test('how often it came back, for each of its queues by itself', async () => {
    const { broker, clock, journal } = await filled();
    const vhost = broker.vhost();
    broker.turn.within(() => {
      const fanout = vhost.declareExchange({ exchange: 'both', type: 'fanout', durable: true });
      for (const queue of ['left', 'right']) {
        const arguments_ = { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 };
        vhost.bind(fanout, vhost.declareQueue({ queue, durable: true, arguments: arguments_ }), '', {});
      }
    });
    vhost.exchange('both').publish({ routingKey: '', body: 'x', properties: persistent });
    const returning = (on: Broker, queue: string): void => {
      on.vhost().queue(queue).consume().pipe(take(1)).subscribe((message) => message.nack());
    };
    returning(broker, 'left');
    returning(broker, 'left');
    const next = await startOn(journal.reopen(), clock);
    // What came back twice from one queue did so from the other only by the restart.
    returning(next, 'right');
    expect(waiting(next, 'right')).toEqual(['x']);
    returning(next, 'left');
    expect(waiting(next, 'left')).toEqual([]);
  });

  test('nothing that was transient, and no queue that was deleted', async () => {
    const { broker, clock, journal } = await filled();
    const vhost = broker.vhost();
    broker.turn.within(() => {
      vhost.declareQueue({ queue: 'passing' });
      vhost.declareQueue({ queue: 'deleted', durable: true });
    });
    vhost.exchange('').publish({ routingKey: 'kept', body: 'transient' });
    vhost.exchange('').publish({ routingKey: 'deleted', body: 'x', properties: persistent });
    broker.turn.within(() => vhost.removeQueue(vhost.queue('deleted')));
    const next = await startOn(journal.reopen(), clock);
    expect([...next.vhost().queues.keys()]).toEqual(['kept']);
    expect(waiting(next, 'kept')).toEqual(['1', '2', '3']);
  });

  test('a virtual host in which something is durable, and none that was deleted', async () => {
    const { broker, clock, journal } = await filled();
    for (const name of ['kept', 'deleted']) {
      const vhost = broker.ensureVhost(name);
      broker.turn.within(() => vhost.declareQueue({ queue: 'q', durable: true }));
    }
    broker.removeVhost(broker.vhost('deleted'));
    await broker.stop();
    const again = await startOn(journal.reopen(), clock);
    expect([...again.vhosts.keys()]).toEqual(['/', 'kept']);
    expect([...again.vhost('kept').queues.keys()]).toEqual(['q']);
  });

  test('a dead letter, in its target and no more in its source', async () => {
    const { broker, clock, journal } = await filled();
    const vhost = broker.vhost();
    broker.turn.within(() => {
      vhost.declareQueue({ queue: 'dead', durable: true });
      vhost.declareQueue({
        queue: 'source', durable: true,
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
      });
    });
    vhost.exchange('').publish({ routingKey: 'source', body: 'poison', properties: persistent });
    vhost.queue('source').consume().subscribe((message) => message.nack({ requeue: false }));
    const next = await startOn(journal.reopen(), clock);
    expect([waiting(next, 'source'), waiting(next, 'dead')]).toEqual([[], ['poison']]);
  });

  test('a deadline: the time that the broker was down counts', async () => {
    const { broker, clock, journal } = await filled();
    const properties = { ...persistent, expiration: '1000' };
    broker.vhost().exchange('').publish({ routingKey: 'kept', body: 'late', properties });
    broker.vhost().queue('kept').purge();
    broker.vhost().exchange('').publish({ routingKey: 'kept', body: 'brief', properties });
    clock.advanceBy(600);
    const next = await startOn(journal.reopen(), clock);
    expect(waiting(next, 'kept')).toEqual(['brief']);
    clock.advanceBy(600);
    expect(waiting(next, 'kept')).toEqual([]);
  });
});
