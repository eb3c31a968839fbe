import { watchLife } from './life.ts';
import type { FromHost, FromTab } from './line.ts';
import { browserLimits } from './limits.ts';

/** Somebody who waits for what the host answers. */
interface Asking {
  readonly kinds: readonly FromHost['kind'][];
  /** Undefined: nobody will answer any more. */
  readonly resolve: (answer: FromHost | undefined) => void;
}

/**
 * A line to the host of a broker, as a tab has it. It is over once the host is gone, whether that
 * said so or not, or has answered nothing for too long.
 */
export class HostLine {
  /** Resolves once the line is over: with whether that is for who got it, and not for others. */
  readonly over: Promise<{ readonly nearest: boolean }>;
  readonly #port: MessagePort;
  readonly #hear: (message: FromHost) => void;
  /** The locks of all whom the line depends on; who got it is the first. */
  readonly #lives: string[] = [];
  readonly #stopWatching: (() => void)[] = [];
  #asking: Asking[] = [];
  /** Pings that nobody answered yet; undefined while nobody waits for the host. */
  #unanswered: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isHeard = false;
  #isOver = false;
  #failure: FromHost | undefined;
  #end: (how: { readonly nearest: boolean }) => void = () => {};

  /** `hear` is called with all that nobody asked for. */
  constructor(port: MessagePort, hear: (message: FromHost) => void) {
    this.#port = port;
    this.#hear = hear;
    this.over = new Promise((resolve) => (this.#end = resolve));
    port.onmessage = ({ data }: MessageEvent<FromHost>) => {
      this.#isHeard = true;
      this.#take(data);
    };
    // Not every browser tells; those that do not let go of the locks.
    port.addEventListener('close', () => this.#finish(true));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Those whose end is that of each port which is handed in. */
  get lives(): readonly string[] {
    return this.#lives;
  }

  say(message: FromTab, transfer: MessagePort[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Says something and waits for an answer of these kinds; undefined: the line is over. */
  ask(message: FromTab, kinds: Asking['kinds']): Promise<FromHost | undefined> {
    if (this.#isOver || this.#failure !== undefined) return Promise.resolve(this.#failure);
    this.say(message);
    return new Promise((resolve) => {
      this.#asking.push({ kinds, resolve });
      this.expectLife();
    });
  }

  /** Has the line be over if the host does not give a sign of life in time. */
  expectLife(): void {
    if (this.#isOver || this.#unanswered !== undefined) return;
    this.#unanswered = 0;
    this.#ping();
  }

  /** The host cannot be had, for the reason that the text tells; one that was heard of can. */
  fail(text: string): void {
    if (this.#isHeard) return;
    this.#failure = { kind: 'failed', text };
    this.#take(this.#failure);
  }

  close(): void {
    if (!this.#isOver) this.say({ kind: 'bye' });
    this.#finish(false);
  }

  #take(message: FromHost): void {
    if (this.#unanswered !== undefined) this.#unanswered = 0;
    if (message.kind === 'host') return this.#dependOn(message.life);
    if (message.kind === 'pong') return this.#answered();
    const asking = this.#asking;
    this.#asking = asking.filter(({ kinds }) => !kinds.includes(message.kind));
    for (const { kinds, resolve } of asking) if (kinds.includes(message.kind)) resolve(message);
    this.#hear(message);
  }

  #dependOn(life: string | undefined): void {
    if (life === undefined || this.#lives.includes(life)) return;
    const nearest = this.#lives.length === 0;
    this.#lives.push(life);
    this.#stopWatching.push(watchLife(
      life, () => this.#finish(nearest), () => this.expectLife(),
    ));
  }

  #ping(): void {
    this.say({ kind: 'ping' });
    const { hostSilenceMs, hostPingsMax } = browserLimits;
    this.#timer = setTimeout(() => {
      // Counted, as a page that stands still for long has not listened either.
      if (++this.#unanswered! < hostPingsMax) this.#ping();
      else this.#finish(this.#lives.length < 2);
    }, hostSilenceMs / hostPingsMax);
  }

  /** It goes on asking while somebody waits for more than a sign of life. */
  #answered(): void {
    if (this.#asking.length > 0) return;
    clearTimeout(this.#timer);
    this.#unanswered = undefined;
  }

  #finish(nearest: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stopWatching) stop();
    this.#port.close();
    this.#end({ nearest });
    for (const { resolve } of this.#asking.splice(0)) resolve(undefined);
  }
}
