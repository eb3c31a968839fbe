/** The same clients and the same assertions in real time, over TCP: on the gateway, and on RabbitMQ. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Connection } from '../../node/client.ts';
import { brokerKinds, START_MS_MAX, type RunningBroker } from '../client/real/brokers.ts';
import { readAssertions, readScenario, scenarioNames } from './scenarios/folders.ts';
import { LiveRelay } from './scenarios/live-relay.ts';
import { LiveRun } from './scenarios/live-run.ts';
import { scriptOf, Threads } from './scenarios/threads.ts';

describe.each(brokerKinds)('on $product', { timeout: 120_000 }, ({ available, start }) => {
  let script: string;
  let broker: RunningBroker;
  let relay: LiveRelay;
  let connection: Connection;
  let leave = (): void => {};

  beforeAll(async () => {
    if (!available) return;
    [script, broker] = await Promise.all([scriptOf('live-client.ts'), start()]);
    relay = await LiveRelay.start(broker);
    connection = await new Promise((resolve, reject) => {
      const connected$ = connect({ url: `amqp://guest:guest@${broker.host}:${broker.port}` });
      const subscription = connected$.subscribe({ next: resolve, error: reject });
      leave = () => subscription.unsubscribe();
    });
  }, START_MS_MAX);

  afterAll(async () => {
    leave();
    await relay?.close();
    await broker?.stop();
  });

  test.skipIf(!available).concurrent.each(scenarioNames)('%s', async (name) => {
    const threads = new Threads(script);
    const run = new LiveRun(readScenario(name), { connection, relay, threads });
    try {
      await run.begin();
      await (await readAssertions(name))(run);
      expect(threads.faults).toEqual([]);
    } finally {
      await run.end();
      await threads.end();
    }
  });
});
