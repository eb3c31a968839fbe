import { Observable } from 'rxjs';
import type { Cancel, Clock, PeerInfo } from '../core/ports.ts';
import type { Transport, Written } from '../core/session/transport.ts';
import { browserLimits } from './limits.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;
const NO_STATUS_RECEIVED = 1005;
const orderlyCodes = [NORMAL_CLOSURE, GOING_AWAY, NO_STATUS_RECEIVED];

/** An open WebSocket of a browser as a transport. It cannot stop reading. */
export class WebSocketTransport implements Transport {
  readonly peer: PeerInfo;
  readonly inbound: Observable<Uint8Array>;
  readonly #webSocket: WebSocket;
  readonly #clock: Clock;
  /** Those whose bytes the browser may still hold. */
  #unreported: Written[] = [];
  #stopChecking: Cancel | undefined;

  constructor(webSocket: WebSocket, clock: Clock) {
    this.#webSocket = webSocket;
    this.#clock = clock;
    const { hostname, port, protocol } = new URL(webSocket.url);
    this.peer = {
      transport: 'websocket',
      address: hostname,
      port: Number(port),
      // A browser does not tell whom it reached, and a client need not know.
      loopback: false,
      secure: protocol === 'wss:',
    };
    this.inbound = new Observable((inbound) => {
      webSocket.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (data instanceof ArrayBuffer) inbound.next(new Uint8Array(data));
        else inbound.error(new Error('the peer sent a text message'));
      };
      webSocket.addEventListener('close', ({ code, reason }) => {
        if (orderlyCodes.includes(code)) inbound.complete();
        else inbound.error(new Error(`the WebSocket was closed with ${code} ${reason}`.trim()));
      });
    });
    this.whenClosed(() => this.#stopChecking?.());
  }

  get unsentBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  write(chunk: Uint8Array, written: Written): void {
    this.#webSocket.send(chunk as Uint8Array<ArrayBuffer>);
    this.#unreported.push(written);
    this.#stopChecking ??= this.#checkLater();
  }

  setReading(): void {
    // The prefetch of consumers bounds what comes.
  }

  end(): void {
    this.#webSocket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#webSocket.onmessage = null;
    this.#webSocket.close();
  }

  whenClosed(run: () => void): void {
    this.#webSocket.addEventListener('close', run, { once: true });
  }

  #checkLater(): Cancel {
    return this.#clock.setTimer(browserLimits.drainCheckMs, () => {
      this.#stopChecking = undefined;
      if (this.unsentBytes > 0) {
        this.#stopChecking = this.#checkLater();
        return;
      }
      const unreported = this.#unreported;
      this.#unreported = [];
      for (const written of unreported) written();
    });
  }
}
