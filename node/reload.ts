import type { Broker, GivenUser } from '../core/index.ts';
import type { Doors } from './doors.ts';
import type { Log, LogLevels } from './log.ts';
import { readTls, type TlsFiles } from './tls.ts';

/** What a gateway takes on while it runs; what is absent stays as it is. */
export interface ReloadOptions {
  readonly users?: readonly GivenUser[] | undefined;
  /** The files are read again: who connects from then on is shown the new certificate. */
  readonly tls?: TlsFiles | undefined;
  readonly logLevels?: LogLevels | undefined;
}

/** Takes on other users, certificates and levels of the log, and nobody is disconnected for it. */
export class Reload {
  readonly #broker: Broker;
  readonly #doors: Pick<Doors, 'renewTls'>;
  readonly #log: Log;
  #names: readonly string[];

  /** `users`: those who were given at the start. */
  constructor(
    broker: Broker, doors: Pick<Doors, 'renewTls'>, log: Log, users: readonly GivenUser[] = [],
  ) {
    this.#broker = broker;
    this.#doors = doors;
    this.#log = log;
    this.#names = users.map(({ name }) => name);
  }

  /**
   * Throws a StartError, and changes nothing, where certificates cannot be read. Users who are not
   * given any more are gone, and their connections are closed with 320.
   */
  run({ users, tls, logLevels }: ReloadOptions): void {
    const renewed = tls && readTls(tls);
    if (renewed !== undefined) this.#doors.renewTls(renewed);
    if (logLevels !== undefined) this.#log.setLevels(logLevels);
    if (users !== undefined) this.#letIn(users);
    this.#log.write('gateway', 'info', 'reloaded', { users: this.#names.length });
  }

  #letIn(users: readonly GivenUser[]): void {
    const known = this.#broker.access.users;
    const names = users.map(({ name }) => name);
    for (const name of this.#names) {
      if (!names.includes(name) && known.has(name)) known.delete(name);
    }
    this.#broker.letIn(users);
    this.#names = names;
  }
}
