import type { MemoryAccount } from './memory-account.ts';

/** What runs short, or has failed: the journal does so once and for all. */
export type Alarm = 'memory' | 'disk' | 'journal';

/** The alarms that stand, and who raised that of memory. */
export class Alarms {
  readonly #standing = new Set<Alarm>();
  readonly #memory: MemoryAccount;
  readonly #onChange: (alarm: Alarm, on: boolean) => void;
  /** Whether too much memory is in use: as somebody told, and as the broker counts. */
  #told = false;
  #counted = false;

  constructor(memory: MemoryAccount, onChange: (alarm: Alarm, on: boolean) => void) {
    this.#memory = memory;
    this.#onChange = onChange;
  }

  /** Why publishers are blocked, as they are told; undefined: they are not. CON-33. */
  get text(): string | undefined {
    if (this.#standing.size === 0) return undefined;
    if (this.#standing.has('journal')) return 'the disk failed, nothing is confirmed any more';
    return `low on ${[...this.#standing].join(' & ')}`;
  }

  set(alarm: Alarm, on: boolean): void {
    if (alarm === 'memory') {
      this.#told = on;
      this.#updateMemory();
    } else {
      this.#change(alarm, on);
    }
  }

  /** Looks at what is counted, at the end of each turn: an alarm cannot come late. */
  checkMemory(): void {
    if (this.#memory.isTooMuch(this.#counted) === this.#counted) return;
    this.#counted = !this.#counted;
    this.#updateMemory();
  }

  #updateMemory(): void {
    this.#memory.alarm = this.#told || this.#counted;
    this.#change('memory', this.#memory.alarm);
  }

  #change(alarm: Alarm, on: boolean): void {
    if (on === this.#standing.has(alarm)) return;
    if (on) this.#standing.add(alarm);
    else this.#standing.delete(alarm);
    this.#onChange(alarm, on);
  }
}
