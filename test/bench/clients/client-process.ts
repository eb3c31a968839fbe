import type { OpenClient } from './client.ts';
import { Counter } from './counter.ts';

/** The program of one run: one client alone in its process, so that its CPU time is its own. */

/** Each is loaded only where it runs. */
const clients = {
  tabmq: async () => (await import('./tabmq.ts')).openTabmq,
  amqplib: async () => (await import('./amqplib.ts')).openAmqplib,
  cloudamqp: async () => (await import('./cloudamqp.ts')).openCloudamqp,
  rabbitmqClient: async () => (await import('./rabbitmq-client.ts')).openRabbitmqClient,
} satisfies Record<string, () => Promise<OpenClient>>;

export type ClientName = keyof typeof clients;

/** What a run is to do, as its only word. */
export interface ClientTask {
  readonly client: ClientName;
  readonly port: number;
  readonly queue: string;
  readonly kind: 'publish' | 'consume';
  readonly messages: number;
  /** Messages before the first that counts, in which the code gets compiled. */
  readonly warmUp: number;
  readonly bodyBytes: number;
  /** Messages that may be unconfirmed, or unacknowledged. */
  readonly window: number;
}

async function run(task: ClientTask): Promise<void> {
  const open = await clients[task.client]();
  const client = await open(task.port);
  const counter = new Counter(task.messages, task.warmUp);
  if (task.kind === 'consume') await client.consume(counter, task.queue, task.window);
  else await client.publish(counter, task.queue, new Uint8Array(task.bodyBytes), task.window);
  await client.close();
  process.stdout.write(`${JSON.stringify(await counter.full)}\n`);
}

await run(JSON.parse(process.argv[2] ?? '') as ClientTask);
