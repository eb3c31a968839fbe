/** What somebody does to the picture by pointer and by key. */
import type { Connection } from '@xyflow/svelte';
import type { App, Selection } from '../../shell/app.ts';
import type { BindingEnd } from './canvas-client.ts';
import { nameOf } from './describe.ts';
import type Dialogs from './dialogs.svelte';
import type { Editing } from './editing.svelte.ts';
import type { Point } from './layout.ts';
import type { Action } from './menu.svelte';
import { clientId, exchangeId, queueId, type Graph, type Thing } from './model.ts';
import { consumerCode, producerCode } from './templates.ts';
import { actionsOf, type Asking } from './thing-actions.ts';

/** What can be added to the picture. */
export type NewKind = 'producer' | 'exchange' | 'queue' | 'consumer';

interface Surroundings {
  readonly app: App;
  readonly editing: Editing;
  readonly graph: () => Graph;
  /** Calls with the dialogs, which may still have to be loaded. */
  readonly withDialogs: (open: (dialogs: Dialogs) => void) => void;
  readonly openMenu: (
    title: string, actions: readonly Action[], x: number, y: number,
  ) => void;
  /** A thing that is not there yet is to have this place. */
  readonly place: (id: string, at: Point) => void;
}

const idOf = {
  producer: clientId, consumer: clientId, exchange: exchangeId, queue: queueId,
} as const;

export class Gestures {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  select(id: string): void {
    const thing = this.#thingOf(id);
    if (thing === undefined) return;
    this.#around.app.select({ kind: thing.kind, name: thing.name } as Selection);
  }

  async add(kind: NewKind, at?: Point): Promise<void> {
    const { editing, place } = this.#around;
    const name = this.#freshName(kind);
    const id = idOf[kind](name);
    if (at !== undefined) place(id, at);
    const own = { durable: true, arguments: {} };
    if (kind === 'queue') await editing.addQueue(name, own);
    else if (kind === 'exchange') await editing.addExchange(name, 'topic', own);
    else await editing.addClient(name, kind === 'producer' ? producerCode() : consumerCode());
    this.select(id);
  }

  /** From one handle to another: to bind, to publish, or to consume. */
  connect({ source, target }: Connection): void {
    const { editing, withDialogs } = this.#around;
    const [from, to] = [this.#thingOf(source), this.#thingOf(target)];
    if (from === undefined || to === undefined) return;
    if (from.kind === 'exchange' && to.kind !== 'client') {
      const asked = { exchange: from.exchange, destination: to.name, kind: to.kind };
      withDialogs((one) => one.bind(asked));
    } else if (from.kind === 'client' && to.kind === 'exchange' && from.party.client) {
      void editing.extend(from.party.client, { exchange: to.name, key: 'key' });
    } else if (from.kind === 'queue' && to.kind === 'client' && to.party.client) {
      void editing.extend(to.party.client, { queue: from.name });
    } else {
      editing.say('Lines go from producers to exchanges, to queues, to consumers.');
    }
  }

  /** What can be done with a thing, or with a line: bindings are the only ones that are drawn. */
  openMenu(id: string, x: number, y: number): void {
    const { app, editing, withDialogs, openMenu } = this.#around;
    const [thing, end] = [this.#thingOf(id), this.#bindingOf(id)];
    if (end !== undefined) {
      const unbind: Action = { title: 'Unbind', danger: true, run: () => editing.unbind(end) };
      openMenu(`${end.source} to ${end.destination}`, [unbind], x, y);
    }
    if (thing === undefined) return;
    const asking: Asking = {
      publish: (exchange) => withDialogs((one) => (
        one.add(`publish ${exchange || '-'} ${exchange === '' ? thing.name : 'key'} hello`))),
      confirm: (question) => withDialogs((one) => one.ask(question)),
    };
    openMenu(nameOf(id), actionsOf(thing, app, editing, asking), x, y);
  }

  /** The menu key, and Delete, on the thing or the line that has the focus. */
  onKey(event: KeyboardEvent): void {
    const node = (event.target as Element)
      .closest<HTMLElement | SVGElement>('.svelte-flow__node, .svelte-flow__edge');
    const id = node?.dataset['id'];
    if (node === null || id === undefined) return;
    if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
      const { left, bottom } = node.getBoundingClientRect();
      this.openMenu(id, left, bottom);
    } else if (event.key === 'Delete') {
      const [thing, end] = [this.#thingOf(id), this.#bindingOf(id)];
      if (thing !== undefined) void this.#around.editing.remove(thing);
      else if (end !== undefined) void this.#around.editing.unbind(end);
    } else {
      return;
    }
    event.preventDefault();
  }

  #thingOf(id: string): Thing | undefined {
    return this.#around.graph().things.find((each) => each.id === id);
  }

  #bindingOf(id: string): BindingEnd | undefined {
    const binding = this.#around.graph().ways.find((way) => way.id === id)?.binding;
    if (binding === undefined) return undefined;
    const { source, destination, destination_type: kind, routing_key: key } = binding;
    return { source, destination, kind, key, table: binding.arguments };
  }

  /** A name that nothing has: `queue-1`. */
  #freshName(kind: NewKind): string {
    for (let number = 1; ; number++) {
      const name = `${kind}-${number}`;
      const ids = [clientId(name), exchangeId(name), queueId(name)];
      if (!this.#around.graph().things.some(({ id }) => ids.includes(id))) return name;
    }
  }
}
