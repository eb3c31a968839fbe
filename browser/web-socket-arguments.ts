/** Checks of what a WebSocket is made and closed with, as the WebSocket standard words them. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const schemes: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:' };

const NORMAL_CLOSURE = 1000;
/** Close codes of applications. RFC 6455, section 7.4.2. */
const [OWN_CODE_MIN, OWN_CODE_MAX] = [3000, 4999];
const REASON_BYTES_MAX = 123;
const UINT16_MAX = 0xffff;

/** Subprotocols that a gateway answers to. WSK-05. */
const AMQP_SUBPROTOCOL = /^amqp/i;

/** The URL that a WebSocket of this text connects to. Throws a SyntaxError for all others. */
export function parseWebSocketUrl(text: string | URL): URL {
  const url = URL.parse(text, globalThis.location?.href);
  if (url === null) throw syntaxError(`The URL '${text}' is invalid.`);
  url.protocol = schemes[url.protocol] ?? url.protocol;
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw syntaxError(`The scheme of '${text}' is none of ws, wss, http and https.`);
  }
  if (url.href.includes('#')) throw syntaxError(`The URL '${text}' contains a fragment.`);
  return url;
}

/** The subprotocols offered. Throws a SyntaxError unless they are tokens, and no two the same. */
export function readProtocols(protocols: unknown = []): readonly string[] {
  const offered = isSequence(protocols) ? Array.from(protocols, toText) : [toText(protocols)];
  const bad = offered.find((protocol) => !TOKEN.test(protocol));
  if (bad !== undefined) throw syntaxError(`The subprotocol '${bad}' is not a token.`);
  if (new Set(offered).size < offered.length) throw syntaxError('A subprotocol is offered twice.');
  return offered;
}

/** An object that can be iterated is a sequence, and all else is a text. */
function isSequence(value: unknown): value is Iterable<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const iterator = (value as Partial<Iterable<unknown>>)[Symbol.iterator] ?? undefined;
  if (iterator !== undefined && typeof iterator !== 'function') {
    throw new TypeError('The subprotocols cannot be iterated.');
  }
  return iterator !== undefined;
}

/** A text as the platform takes it of any value. Throws a TypeError for a Symbol. */
export function toText(value: unknown): string {
  // Halves of characters become U+FFFD.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(`${value}`));
}

/** What the broker chooses; undefined where it speaks none of those offered. WSK-13. */
export function chooseProtocol(offered: readonly string[]): string | undefined {
  if (offered.length === 0) return '';
  return offered.find((protocol) => AMQP_SUBPROTOCOL.test(protocol));
}

/**
 * Code and reason of the arguments of `close`. Throws for what no script may close with. A code
 * that is left out, and nothing after it given, is none.
 */
export function readClose(
  given: readonly [unknown?, unknown?],
): { readonly code: number | undefined; readonly reason: string } {
  const [first, second] = given;
  const code = first === undefined && second === undefined ? undefined : toUint16(first);
  const reason = second === undefined ? '' : toText(second);
  const own = code !== undefined && code >= OWN_CODE_MIN && code <= OWN_CODE_MAX;
  if (code !== undefined && code !== NORMAL_CLOSURE && !own) {
    const text = `The close code is 1000 or from 3000 to 4999, and not ${code}.`;
    throw new DOMException(text, 'InvalidAccessError');
  }
  if (new TextEncoder().encode(reason).length > REASON_BYTES_MAX) {
    throw syntaxError(`The reason is longer than ${REASON_BYTES_MAX} bytes.`);
  }
  return { code, reason };
}

/** The nearest number of 16 bits; of what is no number 0. Throws a TypeError for some values. */
function toUint16(value: unknown): number {
  return Math.min(UINT16_MAX, Math.max(0, Math.trunc(+(value as number)))) || 0;
}

function syntaxError(text: string): DOMException {
  return new DOMException(text, 'SyntaxError');
}
