/** The client over TCP: one suite, which TabMQ and a real RabbitMQ must pass alike. */
import { firstValueFrom, from, Observable, Subject, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  ackAfter, connect, Decimal, encodeContent, jsonCodec, reconnecting, type Channel, type Connection, type ConnectOptions,
  type FieldTable, type Outgoing, type RecoveryState,
} from '../../../node/client.ts';
import { Inbox, within } from '../../clients/waiting.ts';
import { brokerKinds, START_MS_MAX, type RunningBroker } from './brokers.ts';
import { startRelay } from './relay.ts';

let nameCount = 0;
/** A name that no other test uses, nor one before on a broker that goes on running. */
const unique = (what: string): string => `tabmq-client-${what}-${process.pid}-${Date.now()}-${++nameCount}`;

const first = <T>(source: Observable<T>): Promise<T> => within('an answer', firstValueFrom(source));
const failure = async (source: Observable<unknown>): Promise<unknown> =>
  within('a failure', new Promise((resolve, reject) => {
    const subscription = source.subscribe({ error: resolve, complete: () => reject(new Error('it completed')) });
    onTestFinished(() => subscription.unsubscribe());
  }));

/** Holds what an Observable gives until the test is over. */
function hold<T>(source: Observable<T>): Promise<T> {
  return within('a connection or channel', new Promise((resolve, reject) => {
    const subscription = source.subscribe({ next: resolve, error: reject });
    onTestFinished(() => subscription.unsubscribe());
  }));
}

/** What an Observable emits, to be taken in order. */
function inboxOf<T>(source: Observable<T>): Inbox<T> & { readonly errors: Inbox<unknown>; stop(): void } {
  const errors = new Inbox<unknown>();
  const inbox = new Inbox<T>();
  const subscription = source.subscribe({ next: inbox.put, error: errors.put });
  const stop = (): void => subscription.unsubscribe();
  onTestFinished(stop);
  return Object.assign(inbox, { errors, stop });
}

describe.each(brokerKinds)('the client on $product', ({ product, available, start }) => {
  let broker: RunningBroker | undefined;
  const url = (port = broker!.port): string => `amqp://guest:guest@${broker!.host}:${port}`;
  const connected = (options: ConnectOptions = {}): Promise<Connection> => hold(connect({ url: url(), ...options }));
  const opened = async (): Promise<Channel> => hold((await connected()).channel());
  const own = async (channel: Channel, args: FieldTable = {}): Promise<string> => {
    const declared$ = channel.declareQueue(unique('queue'), { durable: false, exclusive: true, arguments: args });
    return (await first(declared$)).queue;
  };

  beforeAll(async () => {
    if (available) broker = await start();
  }, START_MS_MAX);
  afterAll(() => broker?.stop());

  // Where there is no RabbitMQ, the set-up of the tests says so loudly.
  const on = test.skipIf(!available);

  on('opens, tells what the broker is, and is agreed on limits', async () => {
    const connection = await connected({ heartbeat: 7, channelMax: 9, frameMax: 8192, connectionName: 'mine' });
    expect(connection.serverProperties['product']).toBe(product);
    expect(connection.tuning).toEqual({ heartbeat: 7, channelMax: 9, frameMax: 8192 });
    expect(connection.open).toBe(true);
    expect(await first(connection.blocked$)).toBe(false);
  });

  on('closes in order when it is unsubscribed, so that exclusive queues go at once', async () => {
    const other = await opened();
    const queue = unique('exclusive');
    const declared = new Inbox<unknown>();
    const connecting = connect(url()).subscribe((connection) => {
      connection.channel().subscribe((channel) => {
        channel.declareQueue(queue, { durable: false, exclusive: true }).subscribe(declared.put);
      });
    });
    await declared.take('queue.declare-ok');
    const locked = other.call('queue.declare', { queue, passive: true });
    expect(await failure(locked)).toMatchObject({ name: 'ReplyError', replyCode: 405, scope: 'channel' });
    connecting.unsubscribe();
    const freed = (await connected()).channel();
    const again = unique('exclusive');
    await first((await hold(freed)).declareQueue(again, { durable: false, exclusive: true }));
  });

  on('logs in by AMQPLAIN', async () => {
    expect((await connected({ authMechanism: 'AMQPLAIN' })).open).toBe(true);
  });

  on.each([
    [{ password: 'wrong' }, { name: 'ReplyError', replyCode: 403, replyName: 'ACCESS_REFUSED' }],
    [{ vhost: 'nowhere-at-all' }, { name: 'ReplyError', replyCode: 530, replyName: 'NOT_ALLOWED' }],
    [{ authMechanism: 'EXTERNAL' }, { name: 'LostError' }],
  ])('is refused with %j', async (options, expected) => {
    const error = await failure(connect({ url: `amqp://${broker!.host}:${broker!.port}`, ...options }));
    expect(error).toMatchObject({ ...expected, scope: 'connection' });
  });

  on('declares, binds, publishes, fetches, purges and deletes', async () => {
    const channel = await opened();
    const exchange = unique('exchange');
    const source = unique('source');
    await first(channel.declareExchange(exchange, 'topic', { durable: false, autoDelete: true }));
    await first(channel.declareExchange(source, 'fanout', { durable: false }));
    const queue = await own(channel);
    await first(channel.bindQueue(queue, exchange, 'a.#'));
    await first(channel.bindExchange(exchange, source));
    const message = { exchange: source, routingKey: 'a.b', body: 'hello' };
    for (let count = 0; count < 3; count++) expect((await first(channel.publish(message))).kind).toBe('confirmed');
    const got = await first(channel.get(queue));
    expect(got).toMatchObject({ exchange: source, routingKey: 'a.b', redelivered: false, messageCount: 2 });
    got!.ack();
    expect(await first(channel.purgeQueue(queue))).toBe(2);
    expect(await first(channel.get(queue))).toBeUndefined();
    await first(channel.unbindExchange(exchange, source));
    await first(channel.unbindQueue(queue, exchange, 'a.#'));
    await first(channel.deleteExchange(source));
    expect(await first(channel.deleteQueue(queue))).toBe(0);
  });

  on('tells confirmed, nacked and returned messages apart', async () => {
    const channel = await opened();
    const full = await own(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    const messages: Outgoing[] = [
      { routingKey: full, body: 'first' }, { routingKey: full, body: 'second' },
      { routingKey: unique('none'), body: 'third', mandatory: true },
    ];
    const results = await first(from(messages).pipe(channel.publisher({ inFlightMax: 1 }), toArray()));
    expect(results.map(({ kind, message }) => `${kind} ${String(message.body)}`))
      .toEqual(['confirmed first', 'nacked second', 'returned third']);
    expect(results[2]).toMatchObject({ returned: { replyCode: 312, replyText: 'NO_ROUTE' } });
  });

  on('publishes many with a window, each confirmed once, and consumes them in order', async () => {
    const connection = await connected();
    const channel = await hold(connection.channel());
    const queue = await own(channel);
    const bodies = Array.from({ length: 2000 }, (_, index) => `${index}`);
    const messages = bodies.map((body) => ({ routingKey: queue, body }));
    const results = await first(from(messages).pipe(connection.publisher({ inFlightMax: 64 }), toArray()));
    expect(results.map(({ kind }) => kind)).toEqual(bodies.map(() => 'confirmed'));
    const deliveries = inboxOf(channel.consume(queue, { prefetch: 50 }).pipe(ackAfter((delivery) => [delivery.text()])));
    expect(await deliveries.takeMany(2000)).toEqual(bodies);
    deliveries.stop();
    expect((await first(channel.call('queue.declare', { queue, passive: true })))).toMatchObject({ consumerCount: 0 });
    expect(await first(channel.purgeQueue(queue))).toBe(0);
  });

  on('holds back what prefetch does not let in', async () => {
    const channel = await opened();
    const queue = await own(channel);
    await first(from(['1', '2', '3', '4']).pipe(toArray()));
    for (const body of ['1', '2', '3', '4']) await first(channel.publish({ routingKey: queue, body }));
    const deliveries = inboxOf(channel.consume(queue, { prefetch: 2 }));
    const [one] = await deliveries.takeMany(2);
    const left = async (): Promise<number> =>
      (await first(channel.call('queue.declare', { queue, passive: true }))).messageCount;
    expect([await left(), deliveries.waitingCount]).toEqual([2, 0]);
    one!.ack();
    expect((await deliveries.take()).text()).toBe('3');
    expect(await left()).toBe(1);
    deliveries.stop();
    await first(channel.recover());
    expect(await left()).toBe(3);
  });

  on('gives back, and gives up to a dead-letter exchange', async () => {
    const channel = await opened();
    const dead = await own(channel);
    const queue = await own(channel, { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead });
    await first(channel.publish({ routingKey: queue, body: 'poison' }));
    const tries: boolean[] = [];
    inboxOf(channel.consume(queue).pipe(ackAfter((delivery) => {
      tries.push(delivery.redelivered);
      throw new Error('it is poison');
    })));
    const deadLetters = inboxOf(channel.consume(dead, { noAck: true }));
    const [death] = (await deadLetters.take()).properties.headers!['x-death'] as FieldTable[];
    expect(death).toMatchObject({ queue, reason: 'rejected' });
    expect(tries).toEqual([false, true]);
  });

  on('passes on bodies of any size, and field tables of any type as they were', async () => {
    const channel = await opened();
    const queue = await own(channel);
    const headers: FieldTable = {
      text: 'grüße', bytes: Uint8Array.of(0, 255), flag: true, nothing: null, small: -5, large: 2 ** 40,
      largest: 2n ** 63n - 1n, smallest: -(2n ** 63n), fraction: 0.1, decimal: new Decimal(2, 12_345),
      time: new Date(1_700_000_000_000), list: [1, 'two', { three: 3 }], table: { nested: { deep: false } },
    };
    const properties = {
      headers, contentType: 'x/y', contentEncoding: 'none', deliveryMode: 1, priority: 3, correlationId: 'c',
      replyTo: 'r', expiration: '60000', messageId: 'm', timestamp: 1_700_000_000, type: 't', appId: 'a',
    };
    for (const bytes of [0, 1, 131_064, 131_065, 1_000_000]) {
      const body = Uint8Array.from({ length: bytes }, (_, index) => index % 251);
      expect((await first(channel.publish({ routingKey: queue, body, properties }))).kind).toBe('confirmed');
      const got = (await first(channel.get(queue, { noAck: true })))!;
      expect(got.bodyBytes).toBe(bytes);
      expect(Buffer.compare(got.body, body)).toBe(0);
      expect({ ...got.properties, headers: { ...got.properties.headers } }).toEqual(properties);
    }
    await first(channel.publish({ routingKey: queue, ...encodeContent(jsonCodec, { a: [1] }) }));
    const json = (await first(channel.get(queue, { noAck: true })))!;
    expect([json.properties.contentType, json.json()]).toEqual(['application/json', { a: [1] }]);
  });

  on('asks and answers by direct reply-to', async () => {
    const channel = await opened();
    const server = await opened();
    const queue = await own(channel);
    const requests$ = (await hold((await connected()).channel())).consume(unique('none'));
    expect(await failure(requests$), 'nobody there').toMatchObject({ replyCode: 404 });
    const nobody = channel.rpc({ routingKey: unique('none'), body: '' });
    expect(await failure(nobody)).toMatchObject({ scope: 'message' });
    const shared = unique('rpc');
    await first(server.declareQueue(shared, { durable: false, autoDelete: true }));
    inboxOf(server.consume(shared).pipe(ackAfter((request) => {
      const { replyTo, correlationId } = request.properties;
      return server.publish({ routingKey: replyTo!, body: `${request.text()}!`, properties: { correlationId: correlationId! } });
    })));
    const replies = await Promise.all(['a', 'b', 'c'].map((body) => first(channel.rpc({ routingKey: shared, body }))));
    expect(replies.map((reply) => reply.text())).toEqual(['a!', 'b!', 'c!']);
    expect(await failure(channel.rpc({ routingKey: queue, body: '' }, { timeoutMs: 1 })), 'nobody answers')
      .toMatchObject({ scope: 'message', message: 'no reply within 1 ms' });
  });

  on('commits and rolls back', async () => {
    const channel = await opened();
    const queue = await own(channel);
    await first(channel.selectTransactions());
    channel.post({ routingKey: queue, body: 'dropped' });
    await first(channel.rollback());
    expect((await first(channel.publish({ routingKey: queue, body: 'kept' }))).kind).toBe('sent');
    expect(await first(channel.get(queue, { noAck: true }))).toBeUndefined();
    await first(channel.commit());
    expect((await first(channel.get(queue, { noAck: true })))?.text()).toBe('kept');
  });

  on('loses one channel to an error, and no other', async () => {
    const connection = await connected();
    const [good, bad] = [await hold(connection.channel()), await hold(connection.channel())];
    const queue = await own(good);
    const [kept, lost] = [inboxOf(good.consume(queue)), inboxOf(bad.consume(queue))];
    const name = unique('none');
    const expected = {
      name: 'ReplyError', replyCode: 404, replyName: 'NOT_FOUND', scope: 'channel', method: 'queue.bind', by: 'broker',
      replyText: `NOT_FOUND - no exchange '${name}' in vhost '/'`,
    };
    expect(await failure(bad.bindQueue(queue, name))).toMatchObject(expected);
    expect(await lost.errors.take('the end of the consumer')).toMatchObject(expected);
    expect([bad.open, good.open, connection.open]).toEqual([false, true, true]);
    await first(good.publish({ routingKey: queue, body: 'goes on' }));
    expect((await kept.take()).text()).toBe('goes on');
    expect(kept.errors.waitingCount).toBe(0);
  });

  on('loses one consumer when its queue is deleted, and nothing else', async () => {
    const channel = await opened();
    const [gone, kept] = [await own(channel), await own(channel)];
    const [cancelled, going] = [inboxOf(channel.consume(gone)), inboxOf(channel.consume(kept))];
    await first(channel.deleteQueue(gone));
    expect(await cancelled.errors.take('the cancellation')).toMatchObject({ name: 'CancelledError', scope: 'consumer' });
    await first(channel.publish({ routingKey: kept, body: 'goes on' }));
    expect((await going.take()).text()).toBe('goes on');
  });

  on('loses its connection to a violation, with a reply code', async () => {
    const connection = await connected();
    const channel = await hold(connection.channel());
    const failed = failure(channel.call('exchange.declare', { exchange: unique('exchange'), type: '' }));
    expect(await failed).toMatchObject({ name: 'ReplyError', by: 'broker' });
  });

  on('comes back after the connection was cut: topology, consumers, and messages on their way', async () => {
    const relay = await startRelay(broker!.host, broker!.port);
    const states = new Inbox<RecoveryState>();
    const recovering = await hold(connect({ url: url(relay.port), heartbeat: 0 }).pipe(
      reconnecting({ delayMs: 20, onState: states.put }),
    ));
    const until = async (kind: RecoveryState['kind']): Promise<void> => {
      while ((await states.take(`the state ${kind}`)).kind !== kind);
    };
    await until('connected');
    const exchange = unique('exchange');
    await first(recovering.declareExchange(exchange, 'fanout', { durable: false, autoDelete: true }));
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
  });

  on('publishes again what was on its way, where it is told to', async () => {
    const relay = await startRelay(broker!.host, broker!.port);
    const recovering = await hold(connect({ url: url(relay.port), heartbeat: 0 }).pipe(reconnecting({ delayMs: 20 })));
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
    expect(settled.map(({ kind, message }) => `${kind} ${String(message.body)}`)).toEqual(['confirmed 2', 'confirmed 3']);
    await first(recovering.deleteQueue(queue));
  });
});
