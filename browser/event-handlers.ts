/** What an attribute such as `onopen` may hold besides null. */
export type Handler<E extends Event = Event> = (event: E) => unknown;

interface Entry {
  handler: Handler;
  handleEvent(event: Event): void;
}

/**
 * The `on...` attributes of an EventTarget, as HTML defines event handlers: one is called in the
 * place where it was first set, and keeps that place while it is replaced.
 */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #entries = new Map<string, Entry>();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get(type: string): Handler | null {
    return this.#entries.get(type)?.handler ?? null;
  }

  set(type: string, value: unknown): void {
    const known = this.#entries.get(type);
    if (value === null || (typeof value !== 'function' && typeof value !== 'object')) {
      if (known === undefined) return;
      this.#entries.delete(type);
      this.#target.removeEventListener(type, known);
      return;
    }
    const handler = value as Handler;
    if (known !== undefined) {
      known.handler = handler;
      return;
    }
    const target = this.#target;
    const entry: Entry = {
      handler,
      handleEvent: (event) => {
        // An object may be set as well; it is kept, and cannot be called.
        if (typeof entry.handler === 'function') entry.handler.call(target, event);
      },
    };
    this.#entries.set(type, entry);
    target.addEventListener(type, entry);
  }
}
