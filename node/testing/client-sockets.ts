import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { PeerInfo } from '../../core/index.ts';

/** Node tells here of every socket that connects. */
const CHANNEL = 'net.client.socket';

/**
 * The clients' ends of connections to one broker, as far as they are in this process. What such
 * a socket has written or read tells, to the byte, whether anything is still on its way.
 */
export class ClientSockets {
  readonly #byPort = new Map<number, Socket>();
  readonly #isOwnPort: (port: number | undefined) => boolean;

  constructor(isOwnPort: (port: number | undefined) => boolean) {
    this.#isOwnPort = isOwnPort;
  }

  /** Hears of sockets from now on. */
  start(): void {
    subscribe(CHANNEL, this.#onSocket);
  }

  /** The other end of a connection; undefined where another process has it. */
  of({ port }: PeerInfo): Socket | undefined {
    return this.#byPort.get(port);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#onSocket);
  }

  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => {
      const { localPort, remotePort } = socket;
      if (localPort === undefined || !this.#isOwnPort(remotePort)) return;
      // The kernel would keep small writes back for up to 40 ms, which is long where a test waits.
      // This comes last, for clients say the contrary once they are connected.
      process.nextTick(() => socket.setNoDelay(true));
      this.#byPort.set(localPort, socket);
      socket.once('close', () => this.#byPort.delete(localPort));
    });
  };
}
