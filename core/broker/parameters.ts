import { SettingError } from './definition/setting-error.ts';
import type { SettingTable } from './definition/setting-table.ts';
import { excessOf } from '../protocol/short-string.ts';

/** A value that somebody keeps here for a component of the broker, or for all of it. */
export interface Parameter {
  /** '' for a global one. */
  readonly component: string;
  /** '' for a global one. */
  readonly vhost: string;
  readonly name: string;
  /** Anything that JSON has. */
  readonly value: unknown;
}

/** Parameters by component, virtual host and name, and global ones by name alone. */
export class Parameters {
  readonly #table: SettingTable<unknown>;
  readonly #globals: SettingTable<unknown>;

  constructor(table: SettingTable<unknown>, globals: SettingTable<unknown>) {
    this.#table = table;
    this.#globals = globals;
  }

  /** All of them, or those of one component or one virtual host. */
  list({ component, vhost }: { component?: string; vhost?: string } = {}): readonly Parameter[] {
    const found = vhost === undefined ? this.#table.all : this.#table.of(vhost);
    return found
      .map(({ vhost, name: key, value }) => {
        const [component, name] = JSON.parse(key) as [string, string];
        return { component, vhost, name, value };
      })
      .filter((each) => component === undefined || each.component === component);
  }

  /** The value of a parameter of a virtual host; undefined where it is not set. */
  get(component: string, vhost: string, name: string): Parameter | undefined {
    const value = this.#table.get(vhost, keyOf(component, name));
    return value === undefined ? undefined : { component, vhost, name, value };
  }

  /** Whether it was made. Errors: SettingError `invalid` for a name that is too long. */
  set(component: string, vhost: string, name: string, value: unknown): boolean {
    check(name);
    return this.#table.set(vhost, keyOf(component, name), value ?? null);
  }

  /** Whether there was one. */
  delete(component: string, vhost: string, name: string): boolean {
    return this.#table.delete(vhost, keyOf(component, name));
  }

  /** The parameters of the whole broker, by name. */
  get globals(): readonly Parameter[] {
    return this.#globals.of('').map(({ name, value }) => ({
      component: '', vhost: '', name, value,
    }));
  }

  /** The value of a parameter of the whole broker; undefined where it is not set. */
  getGlobal(name: string): Parameter | undefined {
    const value = this.#globals.get('', name);
    return value === undefined ? undefined : { component: '', vhost: '', name, value };
  }

  /** Sets a parameter of the whole broker. */
  setGlobal(name: string, value: unknown): boolean {
    check(name);
    return this.#globals.set('', name, value ?? null);
  }

  /** Removes a parameter of the whole broker. */
  deleteGlobal(name: string): boolean {
    return this.#globals.delete('', name);
  }

  /** A virtual host is gone. */
  forgetVhost(vhost: string): void {
    for (const { component, name } of this.list({ vhost })) this.delete(component, vhost, name);
  }
}

function keyOf(component: string, name: string): string {
  return JSON.stringify([component, name]);
}

function check(name: string): void {
  const excess = excessOf('the name of the parameter', name);
  if (excess !== undefined) throw new SettingError('invalid', excess);
}
