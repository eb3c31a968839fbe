import { hostNameOf } from './origin.ts';
import { isLoopback } from './peer-address.ts';

/**
 * Which names this gateway answers to where the client is on this machine. A page of elsewhere may
 * have its name point to 127.0.0.1 (DNS rebinding), and then is, to the browser, the host that it
 * talks to; the broker trusts its own machine, so it must not answer to every name.
 */
export class HostRule {
  readonly #allowed: ReadonlySet<string>;

  /** `allowed` are host names such as `broker.example.com`, or `*` for all. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = new Set(allowed.map((name) => hostNameOf(`http://${name}`) ?? name));
  }

  /**
   * Whether a request is answered that came from this address for this host, as its header has it.
   * Browsers always send one; whoever sends none is none.
   */
  allows(peerAddress: string, host: string | undefined): boolean {
    if (host === undefined || !isLoopback(peerAddress) || this.#allowed.has('*')) return true;
    const name = hostNameOf(`http://${host}`);
    return name !== undefined && (isLoopback(name) || this.#allowed.has(name));
  }
}

/** What is said to whom asks under another name. */
export const MISDIRECTED = 'On this machine TabMQ answers to the name localhost alone, and to ' +
  'those that --allow-host names: else any web page could reach it under a name of its own.\n';

/** Whether `text` can be a name in the list of allowed ones. */
export function isHostName(text: string): boolean {
  if (text === '*') return true;
  const isWellFormed = /^(\[[\da-f:.]+\]|[^\s/?#@:[\]]+)$/i.test(text);
  return isWellFormed && hostNameOf(`http://${text}`) !== undefined;
}
