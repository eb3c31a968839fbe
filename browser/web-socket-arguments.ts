/** Checks of what a WebSocket is made and closed with, as the WebSocket standard words them. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const schemes: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:' };

const NORMAL_CLOSURE = 1000;
/** Close codes of applications. RFC 6455, section 7.4.2. */
const [OWN_CODE_MIN, OWN_CODE_MAX] = [3000, 4999];
const REASON_BYTES_MAX = 123;

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
export function readProtocols(protocols: string | readonly string[]): readonly string[] {
  const offered = (typeof protocols === 'string' ? [protocols] : [...protocols]).map(String);
  const bad = offered.find((protocol) => !TOKEN.test(protocol));
  if (bad !== undefined) throw syntaxError(`The subprotocol '${bad}' is not a token.`);
  if (new Set(offered).size < offered.length) throw syntaxError('A subprotocol is offered twice.');
  return offered;
}

/** What the broker chooses; undefined where it speaks none of those offered. WSK-13. */
export function chooseProtocol(offered: readonly string[]): string | undefined {
  if (offered.length === 0) return '';
  return offered.find((protocol) => AMQP_SUBPROTOCOL.test(protocol));
}

/** Throws for a close code or a reason that no script may close with. */
export function checkClose(code: number | undefined, reason: string): void {
  const own = code !== undefined && code >= OWN_CODE_MIN && code <= OWN_CODE_MAX;
  if (code !== undefined && code !== NORMAL_CLOSURE && !own) {
    const text = `The close code is 1000 or from 3000 to 4999, and not ${code}.`;
    throw new DOMException(text, 'InvalidAccessError');
  }
  if (new TextEncoder().encode(reason).length > REASON_BYTES_MAX) {
    throw syntaxError(`The reason is longer than ${REASON_BYTES_MAX} bytes.`);
  }
}

function syntaxError(text: string): DOMException {
  return new DOMException(text, 'SyntaxError');
}
