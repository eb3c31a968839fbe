import type { ExchangeView, QueueView } from '../../../core/management/index.ts';
import type { ClientSpec } from '../../port/client-host.ts';
import type { App } from '../../shell/app.ts';
import { countText } from '../../shell/format.ts';
import { CanvasClient, type BindingEnd, type QueueFlags } from './canvas-client.ts';
import type { Order } from './orders.ts';
import type { Graph, Thing } from './model.ts';
import { clientId, exchangeId, queueId } from './model.ts';
import { consumerCode, consumeLine, producerCode, publishLine } from './templates.ts';

/** What can be taken back. */
interface Done {
  readonly title: string;
  /** Said beside it: what taking it back does not bring back. */
  readonly caveat?: string;
  readonly undo: () => Promise<unknown>;
}

const UNDO_MAX = 100;

/** Changes what there is, over AMQP; keeps how to take it back, and what the broker refused. */
export class Editing {
  /** What the broker said no to, by the id of the thing. */
  errors: ReadonlyMap<string, string> = $state.raw(new Map());
  /** A sentence about the last change. */
  note = $state('');
  canUndo = $state(false);
  readonly #app: App;
  readonly #client: CanvasClient;
  readonly #graph: () => Graph;
  #done: Done[] = [];

  constructor(app: App, graph: () => Graph) {
    this.#app = app;
    this.#client = new CanvasClient(app.port);
    this.#graph = graph;
  }

  /** The screen is left; what can be undone is forgotten with it. */
  end(): void {
    this.#client.close();
  }

  /** Carries out a line of the command line; whether that worked. */
  async obey(order: Order): Promise<boolean> {
    switch (order.do) {
      case 'queue':
        return this.addQueue(order.name, order.flags);
      case 'exchange':
        return this.addExchange(order.name, order.type, order.flags);
      case 'bind':
        return this.bind(this.#endOf(order.source, order.destination, order.key));
      case 'unbind':
        return this.unbind(this.#endOf(order.source, order.destination, order.key));
      case 'publish':
        return this.publish(order.exchange, order.key, order.body);
      case 'producer':
        return this.addClient(order.name, producerCode(order.exchange, order.key));
      case 'consumer':
        return this.addClient(order.name, consumerCode(order.queue));
      case 'delete': {
        const thing = this.#graph().things.find(({ name, kind }) =>
          name === order.name && (order.kind === undefined || kind === order.kind));
        return thing === undefined ? this.#say(`There is no ${order.name}.`, false)
          : this.remove(thing);
      }
    }
  }

  addQueue(name: string, flags: QueueFlags): Promise<boolean> {
    const known = this.#has(queueId(name));
    return this.#try(queueId(name), `Declared queue ${name}`, async () => {
      await this.#client.declareQueue(name, flags);
      return known ? undefined : () => this.#client.deleteQueue(name);
    });
  }

  addExchange(name: string, type: string, flags: QueueFlags): Promise<boolean> {
    const known = this.#has(exchangeId(name));
    return this.#try(exchangeId(name), `Declared ${type} exchange ${name}`, async () => {
      await this.#client.declareExchange(name, type, flags);
      return known ? undefined : () => this.#client.deleteExchange(name);
    });
  }

  bind(end: BindingEnd): Promise<boolean> {
    const title = `Bound ${end.source} to ${end.destination}`;
    return this.#try(exchangeId(end.source), title, async () => {
      await this.#client.bind(end);
      return () => this.#client.unbind(end);
    });
  }

  unbind(end: BindingEnd): Promise<boolean> {
    const title = `Unbound ${end.source} from ${end.destination}`;
    return this.#try(exchangeId(end.source), title, async () => {
      await this.#client.unbind(end);
      return () => this.#client.bind(end);
    });
  }

  publish(exchange: string, key: string, body: string): Promise<boolean> {
    const to = exchange === '' ? 'the default exchange' : exchange;
    return this.#try(exchangeId(exchange), `Published to ${to}`, async () => {
      await this.#client.publish(exchange, key, body);
      return undefined;
    });
  }

  /** `messages`: how many it has, all of which are lost but for those that somebody holds. */
  purge(queue: string, messages: number): Promise<boolean> {
    const title = `Purged ${queue}: ${lossText(messages) ?? 'it was empty'}`;
    return this.#try(queueId(queue), title, async () => {
      await this.#client.purge(queue);
      return undefined;
    });
  }

  /** Deletes a transient queue or exchange, and declares it anew as a durable one. */
  makeDurable(thing: Declared): Promise<boolean> {
    const bindings = this.#bindingsOf(thing.id);
    const redeclare = async (durable: boolean): Promise<void> => {
      await this.#delete(thing);
      await this.#declare(thing, bindings, durable);
    };
    const lost = thing.kind === 'queue' ? lossText(thing.queue.messages) : undefined;
    return this.#try(thing.id, `Made ${thing.name} durable`, async () => {
      await redeclare(true);
      return () => redeclare(false);
    }, lost);
  }

  /** Starts a client of this name with this code, where there is none yet. */
  async addClient(name: string, code: string): Promise<boolean> {
    if (this.#has(clientId(name))) {
      return this.#say(`There is a client ${name} already: give it another name.`, false);
    }
    const spec: ClientSpec = { name, code, library: '@cloudamqp/amqp-client' };
    return this.#try(clientId(name), `Started ${name}`, async () => {
      await this.#app.port.clients!.start(spec);
      return () => this.#app.port.clients!.remove(name);
    });
  }

  /** Has a client publish to an exchange, or consume a queue: a line more, and it starts anew. */
  extend(client: ClientSpec, to: { exchange: string; key: string } | { queue: string }):
  Promise<boolean> {
    const line = 'queue' in to ? consumeLine(to.queue) : publishLine(to.exchange, to.key);
    const code = `${client.code.trimEnd()}\n\n${line}\n`;
    return this.#try(clientId(client.name), `Restarted ${client.name}`, async () => {
      await this.#app.port.clients!.start({ ...client, code });
      return () => this.#app.port.clients!.start(client);
    });
  }

  async remove(thing: Thing): Promise<boolean> {
    if (thing.kind === 'client') {
      const { client } = thing.party;
      if (client === undefined) return this.#say('It runs elsewhere.', false);
      return this.#try(thing.id, `Removed ${thing.name}`, async () => {
        await this.#app.port.clients!.remove(thing.name);
        return () => this.#app.port.clients!.start(client);
      });
    }
    const bindings = this.#bindingsOf(thing.id);
    const lost = thing.kind === 'queue' ? lossText(thing.queue.messages) : undefined;
    return this.#try(thing.id, `Deleted ${thing.kind} ${thing.name}`, async () => {
      await this.#delete(thing);
      return () => this.#declare(thing, bindings);
    }, lost);
  }

  /** Says what was done, and keeps how to undo it. */
  remember(title: string, undo: () => unknown): void {
    void this.#try('', title, () => Promise.resolve(async () => undo()));
  }

  /** Forgets what the broker refused about a thing. */
  forgive(id: string): void {
    this.errors = new Map([...this.errors].filter(([each]) => each !== id));
  }

  /** Takes the last change back. */
  async undo(): Promise<void> {
    const last = this.#done.pop();
    this.canUndo = this.#done.length > 0;
    if (last === undefined) {
      this.#say('There is nothing to undo.', false);
      return;
    }
    try {
      await last.undo();
      const caveat = last.caveat === undefined ? '' : `; ${last.caveat}`;
      this.#say(`Undone: ${last.title}${caveat}`, true);
    } catch (error) {
      this.#say(`Not undone: ${textOf(error)}`, false);
    }
  }

  #delete({ kind, name }: Declared): Promise<unknown> {
    return kind === 'queue' ? this.#client.deleteQueue(name) : this.#client.deleteExchange(name);
  }

  /** Declares it as it was, but for whether it is durable where that is given. */
  async #declare(
    thing: Declared, bindings: readonly BindingEnd[], durable = viewOf(thing).durable,
  ): Promise<void> {
    const { auto_delete: autoDelete, arguments: table } = viewOf(thing);
    const flags = { durable, autoDelete, arguments: table };
    if (thing.kind === 'queue') await this.#client.declareQueue(thing.name, flags);
    else {
      const { type, internal } = thing.exchange;
      await this.#client.declareExchange(thing.name, type, { ...flags, internal });
    }
    for (const binding of bindings) await this.#client.bind(binding);
  }

  /** The end of a binding by the names of things; a queue goes before an exchange. */
  #endOf(source: string, destination: string, key: string): BindingEnd {
    const kind = this.#has(queueId(destination)) ? 'queue' : 'exchange';
    return { source, destination, kind, key, table: {} };
  }

  #bindingsOf(id: string): BindingEnd[] {
    return this.#graph().ways.flatMap(({ binding, from, to }) => {
      if (binding === undefined || (from !== id && to !== id)) return [];
      const { source, destination, destination_type: kind, routing_key: key } = binding;
      return [{ source, destination, kind, key, table: binding.arguments }];
    });
  }

  #has(id: string): boolean {
    return this.#graph().things.some((thing) => thing.id === id);
  }

  /** Does it, and keeps how to undo it; what the broker refuses is shown on the thing. */
  async #try(
    id: string, title: string, act: () => Promise<(() => Promise<unknown>) | undefined>,
    caveat?: string,
  ): Promise<boolean> {
    this.forgive(id);
    try {
      const undo = await act();
      if (undo !== undefined) {
        this.#done = [...this.#done, { title, undo, ...(caveat && { caveat }) }].slice(-UNDO_MAX);
      }
      this.canUndo = this.#done.length > 0;
      return this.#say(title, true);
    } catch (error) {
      const text = textOf(error);
      this.errors = new Map(this.errors).set(id, text);
      return this.#say(text, false);
    }
  }

  /** Tells it beside the tools, and to screen readers. */
  say(sentence: string): void {
    this.note = sentence;
    this.#app.announce(sentence);
  }

  #say(sentence: string, outcome: boolean): boolean {
    this.say(sentence);
    return outcome;
  }
}

type Declared = Extract<Thing, { kind: 'queue' | 'exchange' }>;

function viewOf(thing: Declared): QueueView | ExchangeView {
  return thing.kind === 'queue' ? thing.queue : thing.exchange;
}

/** What no undo brings back; undefined: nothing is lost. */
function lossText(messages: number): string | undefined {
  return messages === 0 ? undefined : `its ${countText(messages, 'message')} cannot come back`;
}

/** What the broker said, without what the client says around it. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { replyCode, replyText } = error as Error & { replyCode?: number; replyText?: string };
  return replyText === undefined ? error.message : `${replyCode} ${replyText}`;
}
