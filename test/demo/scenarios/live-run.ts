/** A scenario in real time, on a broker that is reached over TCP. */
import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { firstValueFrom, type Observable } from 'rxjs';
import type { Channel, Connection, FieldTable } from '../../../node/client.ts';
import { definitionsOf } from '../../../demo/scenarios/definitions.ts';
import type { CodeChange, Scenario, ScenarioRun } from '../../../demo/scenarios/format.ts';
import { within } from '../../clients/waiting.ts';
import { compiled } from './folders.ts';
import type { LiveClient } from './live-client.ts';
import type { LiveRelay } from './live-relay.ts';
import { LogCursors } from './log-cursors.ts';
import type { Threads } from './threads.ts';

/** How long a broker or a thread on a slow machine may take for anything that is waited for. */
const WAIT_MS_MAX = 60_000;

interface LiveEnv {
  readonly connection: Connection;
  /** Leads clients to the broker, and knows when it has lost one. */
  readonly relay: Pick<LiveRelay, 'urlFor' | 'gone'>;
  readonly threads: Threads;
}

export class LiveRun implements ScenarioRun {
  readonly #scenario: Scenario;
  readonly #env: LiveEnv;
  readonly #logs = new LogCursors();
  readonly #news = new EventEmitter();
  readonly #workers = new Map<string, Worker>();
  readonly #channel: Promise<Channel>;
  #leave = (): void => {};

  constructor(scenario: Scenario, env: LiveEnv) {
    this.#scenario = scenario;
    this.#env = env;
    this.#channel = new Promise((resolve, reject) => {
      const subscription = env.connection.channel().subscribe({ next: resolve, error: reject });
      this.#leave = () => subscription.unsubscribe();
    });
  }

  async begin(): Promise<void> {
    const channel = await this.#channel;
    const { exchanges, queues, bindings } = definitionsOf(this.#scenario.topology);
    await this.#forget();
    for (const { name, type, arguments: args = {} } of exchanges) {
      await answerOf(channel.declareExchange(name, type, { arguments: args as FieldTable }));
    }
    for (const { name, arguments: args = {} } of queues) {
      await answerOf(channel.declareQueue(name, { arguments: args as FieldTable }));
    }
    for (const { source, destination, routing_key: key, arguments: args = {} } of bindings) {
      await answerOf(channel.bindQueue(destination, source, key, args as FieldTable));
    }
    for (const { name, later } of this.#scenario.clients) if (!later) await this.start(name);
  }

  async said(client: string, text: string): Promise<string> {
    while (this.#logs.find(client, text) === undefined) {
      const [fault] = this.#env.threads.faults;
      if (fault !== undefined) throw fault;
      await within(`${client} to say '${text}'\n${this.#logs.text}`, nextNews(this.#news), WAIT_MS_MAX);
    }
    return this.#logs.take(client, text);
  }

  async start(client: string, change?: CodeChange): Promise<void> {
    await this.kill(client);
    const spec = this.#scenario.clients.find(({ name }) => name === client)!;
    const workerData: LiveClient = {
      name: client, code: compiled(spec, change), url: this.#env.relay.urlFor(this.#inRelay(client)),
    };
    const worker = this.#env.threads.spawn(workerData);
    worker.on('message', (text: string) => {
      this.#logs.add({ client, text });
      this.#news.emit('line');
    });
    worker.on('error', () => this.#news.emit('line'));
    this.#workers.set(client, worker);
  }

  async kill(client: string): Promise<void> {
    const worker = this.#workers.get(client);
    if (worker === undefined) return;
    this.#workers.delete(client);
    const before = await this.#consumerCounts(client);
    await worker.terminate();
    await this.#env.relay.gone(this.#inRelay(client));
    // A broker may close the connection before the queue has heard of it.
    for (const { queue, count } of before) {
      while (await this.#consumerCount(queue) >= count) { /* Asked again at once. */ }
    }
  }

  /** Ends the clients and deletes what they used. */
  async end(): Promise<void> {
    for (const client of this.#workers.keys()) await this.kill(client);
    await this.#forget();
    this.#leave();
  }

  async #forget(): Promise<void> {
    const channel = await this.#channel;
    const { exchanges, queues } = definitionsOf(this.#scenario.topology);
    for (const { name } of queues) await answerOf(channel.deleteQueue(name));
    for (const { name } of exchanges) await answerOf(channel.deleteExchange(name));
  }

  /** Consumers of the queues of the topology that the code of this client consumes from. */
  async #consumerCounts(client: string): Promise<readonly { readonly queue: string; readonly count: number }[]> {
    const { code } = this.#scenario.clients.find(({ name }) => name === client)!;
    const queues = (this.#scenario.topology.queues ?? []).map(({ name }) => name)
      .filter((name) => code.includes(`onsume('${name}'`));
    const counts = [];
    for (const queue of queues) counts.push({ queue, count: await this.#consumerCount(queue) });
    return counts.filter(({ count }) => count > 0);
  }

  async #consumerCount(queue: string): Promise<number> {
    const answer$ = (await this.#channel).call('queue.declare', { queue, passive: true });
    return (await answerOf(answer$)).consumerCount;
  }

  #inRelay(client: string): string {
    return `${this.#scenario.name}/${client}`;
  }
}

function nextNews(news: EventEmitter): Promise<void> {
  return new Promise((resolve) => news.once('line', () => resolve()));
}

function answerOf<T>(answer$: Observable<T>): Promise<T> {
  return within('an answer of the broker', firstValueFrom(answer$), WAIT_MS_MAX);
}
