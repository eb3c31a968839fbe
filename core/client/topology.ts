import { defer, map, Observable, switchMap } from 'rxjs';
import type { FieldTable } from '../protocol/types.ts';
import type { Channel, ExchangeOptions, QueueOptions } from './channel.ts';

/** From an exchange to a queue or to another exchange. */
export interface Binding {
  readonly to: 'queue' | 'exchange';
  readonly destination: string;
  readonly source: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

interface DeclaredQueue {
  readonly options: QueueOptions;
  /** The broker chose the name, and will choose another one the next time. */
  readonly serverNamed: boolean;
  /** The name it has on the present connection. */
  name: string;
}

/** What was declared, so that it can be declared again on the next connection. */
export class Topology {
  readonly #exchanges = new Map<string, { type: string; options: ExchangeOptions }>();
  /** By the name under which the user knows them: the first one. */
  readonly #queues = new Map<string, DeclaredQueue>();
  readonly #bindings = new Map<string, Binding>();

  /** The present name of a queue: that of a server-named one changes with each connection. */
  nameOf(queue: string): string {
    return this.#queues.get(queue)?.name ?? queue;
  }

  addExchange(exchange: string, type: string, options: ExchangeOptions): void {
    if (options.passive !== true) this.#exchanges.set(exchange, { type, options });
  }

  addQueue(asked: string, name: string, options: QueueOptions): void {
    if (options.passive === true) return;
    this.#queues.set(name, { options, serverNamed: asked === '', name });
  }

  addBinding(binding: Binding): void {
    this.#bindings.set(keyOf(binding), binding);
  }

  removeBinding(binding: Binding): void {
    this.#bindings.delete(keyOf(binding));
  }

  removeExchange(exchange: string): void {
    this.#exchanges.delete(exchange);
    this.#removeBindings(({ to, source, destination }) =>
      source === exchange || (to === 'exchange' && destination === exchange));
  }

  removeQueue(queue: string): void {
    this.#queues.delete(queue);
    this.#removeBindings(({ to, destination }) => to === 'queue' && destination === queue);
  }

  /** Declares all of it on the channel; emits once that is done. */
  recover(channel: Channel): Observable<void> {
    const exchanges = [...this.#exchanges].map(([exchange, { type, options }]) =>
      channel.declareExchange(exchange, type, options));
    const queues = [...this.#queues.values()].map((queue) =>
      channel.declareQueue(queue.serverNamed ? '' : queue.name, queue.options).pipe(
        map(({ queue: name }) => {
          queue.name = name;
        }),
      ));
    const bindings = [...this.#bindings.values()].map((binding) => this.bind(channel, binding));
    // Bindings name queues, and the names of some are only known once they are declared.
    return all([...exchanges, ...queues]).pipe(switchMap(() => all(bindings)));
  }

  /** Makes a binding, or undoes it, by the present name of its queue. */
  bind(channel: Channel, binding: Binding, verb: 'bind' | 'unbind' = 'bind'): Observable<void> {
    const { to, destination, source, routingKey, arguments: args } = binding;
    return defer((): Observable<unknown> => (to === 'exchange'
      ? channel.call(`exchange.${verb}`, { destination, source, routingKey, arguments: args })
      : channel.call(`queue.${verb}`, {
        queue: this.nameOf(destination), exchange: source, routingKey, arguments: args,
      }))).pipe(map(() => undefined));
  }

  #removeBindings(isGone: (binding: Binding) => boolean): void {
    for (const [key, binding] of this.#bindings) if (isGone(binding)) this.#bindings.delete(key);
  }
}

/** Asks all at once, as a broker answers in order; emits once all are answered. */
function all(requests: readonly Observable<unknown>[]): Observable<void> {
  return new Observable((subscriber) => {
    let left = requests.length;
    const finish = (): void => {
      subscriber.next();
      subscriber.complete();
    };
    for (const request of requests) {
      subscriber.add(request.subscribe({
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          if (--left === 0) finish();
        },
      }));
    }
    if (requests.length === 0) finish();
  });
}

/** Bindings that differ in arguments alone are different ones. */
function keyOf({ to, destination, source, routingKey, arguments: args }: Binding): string {
  const shown = JSON.stringify(args, (_key, value: unknown) =>
    (typeof value === 'bigint' ? `${value}n` : value));
  return JSON.stringify([to, destination, source, routingKey, shown]);
}

export function bindingOf(
  to: Binding['to'], destination: string, source: string, routingKey: string, args: FieldTable,
): Binding {
  return { to, destination, source, routingKey, arguments: args };
}
