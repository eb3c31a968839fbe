/**
 * The same clients and the same assertions in real time: over TCP on the gateway and on RabbitMQ, and over the
 * gateway's own WebSocket.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect, type Connection } from '../../node/client.ts';
import { startGateway } from '../../node/index.ts';
import { brokerKinds, START_MS_MAX, type RunningBroker } from '../client/real/brokers.ts';
import { readAssertions, readScenario, scenarioNames } from './scenarios/folders.ts';
import { LiveRelay } from './scenarios/live-relay.ts';
import { LiveRun } from './scenarios/live-run.ts';
import { scriptOf, Threads } from './scenarios/threads.ts';

/** Runs the scenario to the end of what it asserts. */
async function play(name: string, env: ConstructorParameters<typeof LiveRun>[1]): Promise<void> {
  const run = new LiveRun(readScenario(name), env);
  try {
    await run.begin();
    await (await readAssertions(name))(run);
    expect(env.threads.faults).toEqual([]);
  } finally {
    await run.end();
    await env.threads.end();
  }
}

function connected(url: string): Promise<{ readonly connection: Connection; readonly leave: () => void }> {
  return new Promise((resolve, reject) => {
    const subscription = connect({ url }).subscribe({
      next: (connection) => resolve({ connection, leave: () => subscription.unsubscribe() }), error: reject,
    });
  });
}

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
    const url = `amqp://guest:guest@${broker.host}:${broker.port}`;
    ({ connection, leave } = await connected(url));
  }, START_MS_MAX);

  afterAll(async () => {
    leave();
    await relay?.close();
    await broker?.stop();
  });

  test.skipIf(!available).concurrent.each(scenarioNames)('%s', async (name) => {
    await play(name, { connection, relay, threads: new Threads(script) });
  });
});

test.each(['publish-subscribe', 'rpc', 'single-active-consumer'])(
  'over the WebSocket of the gateway: %s', { timeout: 120_000 }, async (name) => {
    const gateway = await startGateway({ ports: { amqp: 0, http: 0 } });
    onTestFinished(() => gateway.stop());
    const { connection, leave } = await connected(`amqp://guest:guest@127.0.0.1:${gateway.ports.amqp}`);
    onTestFinished(leave);
    // Whoever asks for consumers asks until those of a thread that ended are gone.
    const relay = {
      urlFor: () => `ws://127.0.0.1:${gateway.ports.http}/ws/amqp`, gone: () => Promise.resolve(),
    };
    await play(name, { connection, relay, threads: new Threads(await scriptOf('live-client.ts')) });
  },
);
