/** What outlives a connection that was cut. */
import { Subject } from 'rxjs';
import { expect } from 'vitest';
import { connect, reconnecting, type Outgoing, type RecoveryState } from '../../../node/client.ts';
import { Inbox } from '../../clients/waiting.ts';
import { startRelay } from './relay.ts';
import { first, hold, inboxOf, unique, type Site } from './site.ts';

export function recovery(site: Site): void {
  site.test('comes back after the connection was cut: topology, consumers, and messages on their way', async () => {
    const relay = await startRelay(site.broker.host, site.broker.port);
    const states = new Inbox<RecoveryState>();
    const recovering = await hold(connect({ url: site.url(relay.port), heartbeat: 0 }).pipe(
      reconnecting({ delayMs: 20, onState: states.put }),
    ));
    const until = async (kind: RecoveryState['kind']): Promise<void> => {
      while ((await states.take(`the state ${kind}`)).kind !== kind);
    };
    await until('connected');
    const exchange = unique('exchange');
    await first(recovering.declareExchange(exchange, 'fanout', { durable: false }));
    const { queue } = await first(recovering.declareQueue('', { durable: false, exclusive: true }));
    await first(recovering.bindQueue(queue, exchange));
    const bodies = inboxOf(recovering.consume(queue, { noAck: true }));
    const source = new Subject<Outgoing>();
    const results = inboxOf(source.pipe(recovering.publisher({ exchange })));
    source.next({ body: 'before' });
    expect([(await results.take()).kind, (await bodies.take()).text()]).toEqual(['confirmed', 'before']);
    relay.setDeaf(true);
    source.next({ body: 'on its way' });
    relay.cut();
    await until('waiting');
    relay.setDeaf(false);
    expect(await results.take()).toMatchObject({ kind: 'unconfirmed', message: { body: 'on its way' } });
    await until('connected');
    source.next({ body: 'after' });
    expect([(await results.take()).kind, (await bodies.take()).text()]).toEqual(['confirmed', 'after']);
    expect(relay.connectionCount).toBe(2);
    await first(recovering.deleteExchange(exchange));
  });

  site.test('publishes again what was on its way, where it is told to', async () => {
    const relay = await startRelay(site.broker.host, site.broker.port);
    const recovering = await hold(connect({ url: site.url(relay.port), heartbeat: 0 }).pipe(
      reconnecting({ delayMs: 20 }),
    ));
    const queue = unique('queue');
    await first(recovering.declareQueue(queue, { durable: true, arguments: { 'x-expires': 60_000 } }));
    const source = new Subject<Outgoing>();
    const results = inboxOf(source.pipe(recovering.publisher({ retryUnconfirmed: true, routingKey: queue })));
    source.next({ body: '1' });
    await results.take();
    relay.setDeaf(true);
    source.next({ body: '2' });
    relay.cut();
    relay.setDeaf(false);
    source.next({ body: '3' });
    source.complete();
    const settled = await results.takeMany(2);
    expect(settled.map(({ kind, message }) => `${kind} ${String(message.body)}`))
      .toEqual(['confirmed 2', 'confirmed 3']);
    await first(recovering.deleteQueue(queue));
  });
}
