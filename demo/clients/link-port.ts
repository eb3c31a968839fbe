import type { PortEvent, PortLike } from '../../core/session/message-port.ts';

type Listener = (event: PortEvent) => void;

/** One of several MessagePorts that share a real one: it hands on what it is given. */
export class LinkPort implements PortLike {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #post: (data: unknown, transfer: ArrayBuffer[]) => void;

  constructor(post: (data: unknown, transfer: ArrayBuffer[]) => void) {
    this.#post = post;
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    this.#post(message, transfer);
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  start(): void {}

  close(): void {
    this.#listeners.clear();
  }

  /** Something came from the other end. */
  receive(data: unknown): void {
    this.#emit({ type: 'message', data });
  }

  /** The other end is gone. */
  lose(): void {
    this.#emit({ type: 'close' });
  }

  #emit(event: PortEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
  }
}
