import type { Observable } from 'rxjs';
import { urlOf } from '../../core/client/address.ts';
import type { Dial, Endpoint } from '../../core/client/dial.ts';
import type { Clock, Serve } from '../../core/index.ts';
import type { RelayNode } from '../../core/relay/index.ts';
import { nodeLimits } from '../limits.ts';
import type { Log } from '../log.ts';

/** One node of an upstream, and how it does: nobody asks it but those who connect. */
export class UpstreamNode implements RelayNode {
  readonly name: string;
  /** Connections that are open to it. */
  connections = 0;
  /** Connections to it since the start that were opened, and that failed before they were. */
  openedCount = 0;
  failedCount = 0;
  #failedAt = -Infinity;
  readonly #endpoint: Endpoint;
  readonly #dial: Dial;
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'write'>;

  constructor(endpoint: Endpoint, dial: Dial, clock: Clock, log: Pick<Log, 'write'>) {
    this.name = urlOf(endpoint);
    this.#endpoint = endpoint;
    this.#dial = dial;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether nothing speaks against it: the last try went well, or is long ago. */
  get isHealthy(): boolean {
    return this.#clock.now() - this.#failedAt >= nodeLimits.upstreamRetryMs;
  }

  dial(serve: Serve): Observable<never> {
    return this.#dial(this.#endpoint, serve);
  }

  opened(): () => void {
    if (!this.isHealthy) {
      this.#log.write('gateway', 'info', 'an upstream node is back', this.#facts);
    }
    this.#failedAt = -Infinity;
    this.connections++;
    this.openedCount++;
    let isOpen = true;
    return () => {
      if (isOpen) this.connections--;
      isOpen = false;
    };
  }

  failed(reason: string): void {
    this.failedCount++;
    // Told once, and not for each client that tries.
    if (this.isHealthy) {
      this.#log.write('gateway', 'warn', 'an upstream node is away', { ...this.#facts, reason });
    }
    this.#failedAt = this.#clock.now();
  }

  get #facts() {
    return { node: this.name };
  }
}

/** The nodes of one upstream: connections go where the fewest are, and past who failed of late. */
export class UpstreamNodes {
  readonly #all: readonly UpstreamNode[];
  #turn = 0;

  constructor(all: readonly UpstreamNode[]) {
    this.#all = all;
  }

  /** In the order in which they are to be tried. */
  inOrder(): readonly UpstreamNode[] {
    const first = this.#turn++ % this.#all.length;
    const rotated = [...this.#all.slice(first), ...this.#all.slice(0, first)];
    return rotated.sort((one, other) => (
      Number(other.isHealthy) - Number(one.isHealthy) || one.connections - other.connections));
  }
}
