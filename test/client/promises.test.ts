/** The same objects awaited and looped over, as a program does that knows no Observables. */
import { firstValueFrom, lastValueFrom, map, range, toArray } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { connect, PublishError, type Connection } from '../../node/client.ts';
import { startTestBroker, type TestBroker } from '../../node/testing/index.ts';

const kinds = [['plain', false], ['one that comes back', true]] as const;

async function opened(reconnect: boolean | object = false): Promise<{ broker: TestBroker; connection: Connection }> {
  const broker = await startTestBroker({ leaks: 'ignore', users: [{ name: 'guest', password: 'guest' }] });
  onTestFinished(async () => void await broker.stop());
  const connection = await connect(broker.url, { reconnect }).open();
  onTestFinished(() => connection.close());
  return { broker, connection };
}

test.each(kinds)('a connection (%s) has all there is to do', async (_kind, reconnect) => {
  const { connection } = await opened(reconnect);
  expect([connection.recovering, connection.open]).toEqual([reconnect, true]);
  expect(await firstValueFrom(connection.writable$)).toBe(true);
  expect(await connection.declareQueue('tasks')).toMatchObject({ queue: 'tasks', messageCount: 0 });
  await connection.declareExchange('logs', 'topic');
  await connection.bindQueue('tasks', 'logs', '#.error');
  const published = await connection.publish({ exchange: 'logs', routingKey: 'disk.error', body: 'full' });
  expect(published.kind).toBe('confirmed');
  const got = (await connection.get('tasks'))!;
  expect([got.text(), got.ack()]).toEqual(['full', true]);
  expect(await connection.get('tasks')).toBe(undefined);

  const answering = connection.answer('tasks', (request) => [{ body: request.text().toUpperCase() }]).subscribe();
  expect((await connection.rpc({ routingKey: 'tasks', body: 'question' })).text()).toBe('QUESTION');
  answering.unsubscribe();

  await connection.unbindQueue('tasks', 'logs', '#.error');
  await connection.declareExchange('all', 'fanout');
  await connection.bindExchange('all', 'logs', '#');
  await connection.unbindExchange('all', 'logs', '#');
  await connection.publish({ routingKey: 'tasks', body: 'one' });
  expect(await connection.call('queue.declare', { queue: 'tasks', passive: true })).toMatchObject({ messageCount: 1 });
  expect(await connection.purgeQueue('tasks')).toBe(1);
  expect(await connection.deleteQueue('tasks', { ifEmpty: true })).toBe(0);
  await connection.deleteExchange('logs');
  await connection.updateSecret(new TextEncoder().encode('guest'), 'it is time');
  expect(await firstValueFrom(connection.blocked$)).toBe(false);
});

test('a loop over deliveries ends its consumer, and what it did not settle goes back', async () => {
  const { broker, connection } = await opened();
  await connection.declareQueue('tasks');
  await Promise.all(['a', 'b', 'c'].map((body) => connection.publish({ routingKey: 'tasks', body })));
  const seen: string[] = [];
  for await (const delivery of connection.consume('tasks')) {
    seen.push(delivery.text());
    delivery.ack();
    if (delivery.text() === 'b') break;
  }
  expect(seen).toEqual(['a', 'b']);
  await broker.queue('tasks').untilMessages(1);
  await expect.poll(() => broker.queue('tasks').consumerCount).toBe(0);
});

test('a loop fails with what ends its consumer', async () => {
  const { broker, connection } = await opened();
  await connection.declareQueue('tasks');
  const consumed = (async () => {
    for await (const delivery of connection.consume('tasks')) delivery.ack();
  })();
  await broker.waitFor('consumer.added');
  await Promise.all([
    expect(consumed).rejects.toMatchObject({ name: 'CancelledError' }), connection.deleteQueue('tasks'),
  ]);
});

test('a promise tells what an Observable emits of a message that the broker did not take', async () => {
  const { broker, connection } = await opened();
  await connection.declareQueue('full', { arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' } });
  await expect(connection.publish({ routingKey: 'full', body: '' })).rejects.toThrow(/refused the message/);
  const returned = connection.publish({ routingKey: 'none', body: '', mandatory: true });
  await expect(returned).rejects.toThrow("the message came back: NO_ROUTE (exchange '', key 'none')");
  await expect(returned).rejects.toBeInstanceOf(PublishError);
  expect(await lastValueFrom(returned)).toMatchObject({ kind: 'returned' });
  broker.faults.withholdConfirms();
  const lost = connection.publish({ routingKey: 'full', body: '' });
  const failing = expect(lost).rejects.toThrow(/may not have reached the broker: connection lost/);
  await broker.waitFor('message.routed').catch(() => {});
  broker.faults.drop();
  await failing;
});

test('what closes at once says how to keep it', async () => {
  const { broker } = await opened();
  const connection = await firstValueFrom(connect(broker.url));
  await expect(connection.declareQueue('q')).rejects.toThrow(/firstValueFrom and take\(1\) do at once/);
  const recovering = await firstValueFrom(connect(broker.url, { reconnect: true }));
  await expect(recovering.declareQueue('q')).rejects.toThrow(/connect\(\.\.\.\)\.open\(\)/);
  await expect(recovering.get('q')).rejects.toThrow(/connect\(\.\.\.\)\.open\(\)/);
});

test.each(kinds)('close resolves once the broker has nothing left of it (%s)', async (_kind, reconnect) => {
  const { broker, connection } = await opened(reconnect);
  await connection.declareQueue('q', { exclusive: true });
  await connection.close();
  await connection.close();
  expect([connection.open, broker.leaks.connections, broker.queue('q').exists]).toEqual([false, [], false]);
  await expect(connection.publish({ routingKey: 'q', body: '' })).rejects.toThrow(/the connection is closed/);
});

test('the end of `await using` closes it', async () => {
  const { broker, connection } = await opened(true);
  expect(broker.leaks.connections.length).toBe(1);
  await connection[Symbol.asyncDispose]();
  expect([connection.open, broker.leaks.connections]).toEqual([false, []]);
});

test.each(kinds)('a source is asked for no more than may be in flight (%s)', async (_kind, reconnect) => {
  const { broker, connection } = await opened(reconnect);
  await connection.declareQueue('q');
  const confirms = broker.faults.withholdConfirms();
  let pulled = 0;
  let ended = false;
  async function* source() {
    try {
      for (; pulled < 25; pulled++) yield { routingKey: 'q', body: String(pulled) };
    } finally {
      ended = true;
    }
  }
  const done = lastValueFrom(connection.publisher({ inFlightMax: 10 })(source()).pipe(toArray()));
  await broker.queue('q').untilMessages(10);
  await broker.settled();
  expect([pulled, ended]).toEqual([9, false]);
  confirms.end();
  expect((await done).map(({ kind }) => kind)).toEqual(Array.from({ length: 25 }, () => 'confirmed'));
  expect([pulled, ended]).toEqual([25, true]);
});

test('what waits for a connection is bounded, and what is more is given back', async () => {
  const { broker, connection } = await opened({ delayMs: 600_000, jitter: 0 });
  await connection.declareQueue('q');
  broker.faults.drop();
  await expect.poll(() => connection.open).toBe(false);
  expect(await firstValueFrom(connection.writable$)).toBe(false);
  const results: string[] = [];
  const publishing = range(0, 5).pipe(
    map((number) => ({ routingKey: 'q', body: String(number) })), connection.publisher({ waitingMax: 3 }),
  ).subscribe((confirmation) => {
    if (confirmation.kind !== 'unconfirmed') return;
    results.push(`${confirmation.message.body} ${confirmation.error.message}`);
  });
  expect(results).toEqual(['3', '4'].map((body) => `${body} 3 messages wait for a connection already`));
  publishing.unsubscribe();
});
