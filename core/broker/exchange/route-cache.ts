import { limits } from '../../limits.ts';
import type { Block } from '../../protocol/bytes.ts';
import type { Route } from './router.ts';

interface Entry {
  /** Exchange and routing key as they stand in basic.publish. */
  readonly names: Uint8Array;
  readonly route: Route;
}

/**
 * Routes by the octets of exchange and routing key, so that the usual publish is routed without
 * making a string. Direct-mapped and bounded; emptied whenever the topology changes.
 */
export class RouteCache {
  /** How often it was emptied. */
  version = 0;
  #entries: (Entry | undefined)[] = [];
  #slots = 64;
  #count = 0;
  /** Hash of the names that `find` looked for last; `add` stores under it. */
  #hash = 0;

  find(block: Block, start: number, end: number): Route | undefined {
    const { bytes } = block;
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    this.#hash = (hash ^ (hash >>> 15)) >>> 0;
    const entry = this.#entries[this.#hash & (this.#slots - 1)];
    if (entry === undefined) return undefined;
    const { names } = entry;
    if (names.length !== end - start) return undefined;
    for (let i = 0; i < names.length; i++) if (names[i] !== bytes[start + i]) return undefined;
    return entry.route;
  }

  /** Keeps the route for the names that `find` did not find just now. */
  add(block: Block, start: number, end: number, route: Route): void {
    if (this.#count >= this.#slots && this.#slots < limits.cachedRoutesMax) this.#widen();
    const slot = this.#hash & (this.#slots - 1);
    this.#count++;
    this.#entries[slot] = { names: block.bytes.slice(start, end), route };
  }

  clear(): void {
    this.version++;
    if (this.#count === 0) return;
    this.#entries = [];
    this.#count = 0;
    this.#slots = 64;
  }

  /** Starts anew with more slots; what was known is soon known again. */
  #widen(): void {
    this.#slots *= 4;
    this.#count = 0;
    this.#entries = new Array<Entry | undefined>(this.#slots).fill(undefined);
  }
}
