/** The brokers that the client is held against over TCP: TabMQ, and a RabbitMQ of the test's own. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, retry, timer } from 'rxjs';
import { connect } from '../../../node/client.ts';
import { startGateway } from '../../../node/index.ts';
import { endChild } from '../../bench/child-process.ts';
import { findRabbitmq, rabbitmqStarter } from '../../bench/rabbitmq.ts';
import { makeDirectory, removeDirectory } from '../../bench/temporary-directory.ts';
import { within } from '../../clients/waiting.ts';

export interface RunningBroker {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface BrokerKind {
  /** As the broker calls itself. */
  readonly product: string;
  readonly available: boolean;
  start(): Promise<RunningBroker>;
}

/** Erlang takes its time to start, above all where other tests run beside it. */
export const START_MS_MAX = 120_000;
const host = '127.0.0.1';
/** A RabbitMQ that is running already, instead of one that the test starts. */
const externalUrl = process.env['TABMQ_TEST_RABBITMQ_URL'];
const script = findRabbitmq();

export const brokerKinds: readonly BrokerKind[] = [
  { product: 'TabMQ', available: true, start: startTabmq },
  { product: 'RabbitMQ', available: externalUrl !== undefined || script !== undefined, start: startRabbitmq },
];

async function startTabmq(): Promise<RunningBroker> {
  const { ports, stop } = await startGateway({ ports: { amqp: 0, http: 0 } });
  return { host, port: ports.amqp, stop };
}

async function startRabbitmq(): Promise<RunningBroker> {
  if (externalUrl !== undefined) {
    const { hostname, port } = new URL(externalUrl);
    return { host: hostname, port: Number(port || 5672), stop: async () => {} };
  }
  return startOwnRabbitmq(script!);
}

/** A RabbitMQ of the test's own, with these lines as its configuration. */
export async function startOwnRabbitmq(script: string, settings = ''): Promise<RunningBroker> {
  const directory = makeDirectory('tabmq-rabbitmq-');
  const log = openSync(join(directory, 'output.log'), 'a');
  const started = await rabbitmqStarter(script, settings)(directory, log).finally(() => closeSync(log));
  if (started === undefined) throw new Error('RabbitMQ ended before it was ready');
  const { child, ports, helpers = [] } = started;
  const stop = async (): Promise<void> => {
    for (const process of [child, ...helpers]) await endChild(process, 'SIGKILL');
    removeDirectory(directory);
  };
  try {
    const knock$ = connect({ url: `amqp://${host}:${ports.amqp}` });
    await within('RabbitMQ to let somebody in', firstValueFrom(knock$.pipe(
      retry({ delay: () => timer(100) }),
    )), START_MS_MAX);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, port: ports.amqp, stop };
}
