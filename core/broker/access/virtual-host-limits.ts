import type { SettingTable } from '../definition/setting-table.ts';
import { checkLimits, limitOf, withLimit, withoutLimit, type Limits } from './resource-limits.ts';

/** What a virtual host may have so many of; absent or negative: without limit. */
export const virtualHostLimits = ['max-connections', 'max-queues'] as const;
/** What of a virtual host may be limited. */
export type VirtualHostLimit = (typeof virtualHostLimits)[number];

const NAME = 'limits';
const WHAT = 'limits';

/** Limits of one virtual host, changed at run time. What is over a new limit already stays. */
export class VirtualHostLimits {
  readonly #table: SettingTable<Limits<VirtualHostLimit>>;
  readonly #vhost: string;

  constructor(table: SettingTable<Limits<VirtualHostLimit>>, vhost: string) {
    this.#table = table;
    this.#vhost = vhost;
  }

  /** Those that are set. */
  get all(): Limits<VirtualHostLimit> {
    return this.#table.get(this.#vhost, NAME) ?? {};
  }

  /** The limit as it binds: Infinity where none is set. */
  of(limit: VirtualHostLimit): number {
    return limitOf(this.all, limit);
  }

  /** Errors: SettingError `invalid` where there is no such limit or the value is no number. */
  set(limit: string, value: unknown): void {
    this.#keep(withLimit(virtualHostLimits, this.all, limit, value, WHAT));
  }

  /** Sets all of them at once. Errors: as `set`. */
  setAll(limits: Readonly<Record<string, unknown>>): void {
    checkLimits(virtualHostLimits, limits, WHAT);
    this.#keep({ ...limits } as Limits<VirtualHostLimit>);
  }

  /** A limit that is not set is none to be cleared. */
  clear(limit: string): void {
    if (limit in this.all) this.#keep(withoutLimit(this.all, limit));
  }

  clearAll(): void {
    this.#keep({});
  }

  #keep(limits: Limits<VirtualHostLimit>): void {
    if (Object.keys(limits).length === 0) this.#table.delete(this.#vhost, NAME);
    else this.#table.set(this.#vhost, NAME, limits);
  }
}
