import { limits } from '../../limits.ts';
import { SettingError } from './setting-error.ts';

/** What settings are called in the journal; a name that was once written is never changed. */
export type SettingKind =
  | 'user' | 'permission' | 'topic-permission' | 'vhost' | 'policy' | 'operator-policy'
  | 'vhost-limits' | 'parameter' | 'global-parameter' | 'note'
  | 'paused-queue';

/** Keeps settings over a restart. */
export interface SettingKeeper {
  /** Refuses a change before it is made where nothing lasts any more. Errors: 541. */
  checkChange(): void;
  settingChanged(kind: SettingKind, vhost: string, name: string, value: unknown): void;
  settingRemoved(kind: SettingKind, vhost: string, name: string): void;
}

/** A setting and where it stands. */
export interface Setting<T> {
  /** '' where it is of no virtual host. */
  readonly vhost: string;
  readonly name: string;
  /** As JSON has it. */
  readonly value: T;
}

/** A setting that is about to change; `before` or `value` is undefined where there is none. */
export interface SettingChange {
  readonly kind: SettingKind;
  readonly vhost: string;
  readonly name: string;
  readonly before: unknown;
  readonly value: unknown;
}

/** Who looks at changes that somebody makes; what a restart brings back is none. */
export interface SettingHooks {
  /** Is shown each change before it is made; what it answers is called afterwards. */
  changing: (change: SettingChange) => (() => void) | undefined;
}

interface Kept<T> {
  readonly value: T;
  readonly lasts: boolean;
}

/**
 * Settings of one kind, by virtual host and name: what somebody set at run time, such as users or
 * policies. Each change is told to the keeper, and to whoever acts on it. A value is plain data and
 * is never changed in place.
 */
export class SettingTable<T> {
  readonly kind: SettingKind;
  /** Called after each change. */
  onChange: (vhost: string, name: string) => void = () => {};
  readonly #keeper: SettingKeeper | undefined;
  readonly #hooks: SettingHooks | undefined;
  readonly #byVhost = new Map<string, Map<string, Kept<T>>>();
  #count = 0;

  /** Without a keeper nothing survives a restart. */
  constructor(kind: SettingKind, keeper: SettingKeeper | undefined, hooks?: SettingHooks) {
    this.#hooks = hooks;
    this.kind = kind;
    this.#keeper = keeper;
  }

  get(vhost: string, name: string): T | undefined {
    return this.#byVhost.get(vhost)?.get(name)?.value;
  }

  /** Those of one virtual host, in the order in which they were made. */
  of(vhost: string): readonly Setting<T>[] {
    const found = this.#byVhost.get(vhost) ?? new Map<string, Kept<T>>();
    return [...found].map(([name, { value }]) => ({ vhost, name, value }));
  }

  /** Those of all virtual hosts. */
  get all(): readonly Setting<T>[] {
    return [...this.#byVhost.keys()].flatMap((vhost) => this.of(vhost));
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Makes a setting or changes it; whether it was made. `lasts`: it is there after a restart; what
   * a start brings along itself need not be. Errors: 541 where the disk failed; SettingError where
   * there are too many.
   */
  set(vhost: string, name: string, value: T, lasts = true): boolean {
    const made = this.#byVhost.get(vhost)?.has(name) !== true;
    if (made && this.#count >= limits.settingsPerKindMax) {
      throw new SettingError('too-many', `there are ${limits.settingsPerKindMax} settings of the ` +
        `kind '${this.kind}' already, and no more can be`);
    }
    if (lasts) {
      this.#keeper?.checkChange();
      this.#keeper?.settingChanged(this.kind, vhost, name, value);
    }
    const tell = this.#changing(vhost, name, value);
    this.#put(vhost, name, { value, lasts });
    tell?.();
    return made;
  }

  /** Removes a setting; whether it was there. Errors: 541 where the disk failed. */
  delete(vhost: string, name: string): boolean {
    const kept = this.#byVhost.get(vhost)?.get(name);
    if (kept === undefined) return false;
    if (kept.lasts) {
      this.#keeper?.checkChange();
      this.#keeper?.settingRemoved(this.kind, vhost, name);
    }
    const tell = this.#changing(vhost, name, undefined);
    this.#remove(vhost, name);
    tell?.();
    return true;
  }

  /** What it was about is gone, whatever the disk says to that. */
  forget(vhost: string, name: string): void {
    const kept = this.#byVhost.get(vhost)?.get(name);
    if (kept?.lasts === true) this.#keeper?.settingRemoved(this.kind, vhost, name);
    if (kept !== undefined) this.#remove(vhost, name);
  }

  /** Takes back what a journal kept; undefined: it was removed. */
  restore(vhost: string, name: string, value: T | undefined): void {
    if (value === undefined) this.#remove(vhost, name);
    else this.#put(vhost, name, { value, lasts: true });
  }

  #changing(vhost: string, name: string, value: unknown): (() => void) | undefined {
    const before = this.get(vhost, name);
    return this.#hooks?.changing({ kind: this.kind, vhost, name, before, value });
  }

  #put(vhost: string, name: string, kept: Kept<T>): void {
    let names = this.#byVhost.get(vhost);
    if (names === undefined) this.#byVhost.set(vhost, (names = new Map<string, Kept<T>>()));
    if (!names.has(name)) this.#count++;
    names.set(name, kept);
    this.onChange(vhost, name);
  }

  #remove(vhost: string, name: string): void {
    const names = this.#byVhost.get(vhost);
    if (names?.delete(name) !== true) return;
    this.#count--;
    if (names.size === 0) this.#byVhost.delete(vhost);
    this.onChange(vhost, name);
  }
}
