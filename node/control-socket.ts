import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { of } from 'rxjs';
import type { Authenticator, Identity } from '../core/index.ts';
import { controlSocketIn } from './commands/api-client.ts';
import type { Log } from './log.ts';

/** Nobody but the owner of the broker's process reads and writes it. */
const SOCKET_MODE = 0o600;
const UMASK = 0o177;

/** Whoever may open the socket owns the broker, and may do everything. */
const owner: Identity = { user: 'owner', tags: ['administrator'], mayOpen: () => true };

/** Lets in whoever came by the control socket, whatever is said of name and password. */
export const ownerLogin: Authenticator = { authenticate: () => of(owner) };

/** The management API on a socket file of the data directory. */
export class ControlSocket {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Opens it in a directory that this process has locked; undefined where that cannot be. */
  static async open(
    directory: string, answer: RequestListener, log: Pick<Log, 'write'>,
  ): Promise<ControlSocket | undefined> {
    const path = controlSocketIn(directory);
    const server = createServer(answer);
    // Of a process that crashed; the directory is locked, so nobody listens there.
    rmSync(path, { force: true });
    const before = process.umask(UMASK);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
    try {
      await once(server, 'listening');
      chmodSync(path, SOCKET_MODE);
      return new ControlSocket(server, path);
    } catch (err) {
      // A name that is too long, or files that are no place for sockets.
      log.write('gateway', 'warn', 'there is no control socket', { path, err });
      return undefined;
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
  }
}
