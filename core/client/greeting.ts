import { frameTypes, PROTOCOL_HEADER } from '../protocol/spec.ts';
import { LostError } from './errors.ts';

/** Octets by which a peer is known: as many as a protocol header has. */
const KNOWN_BY_BYTES = PROTOCOL_HEADER.length;
/** First octet of the records of TLS that a server may send to one who does not speak it. */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;

/**
 * The first octets of a peer that is to be a broker: they tell a web server, a TLS door or another
 * AMQP from one, which as frames would only be odd.
 */
export class Greeting {
  readonly #seen: number[] = [];

  /** Looks at a chunk; whether enough came to know, and all is well. Else it throws what is not. */
  accept(chunk: Uint8Array): boolean {
    const seen = this.#seen;
    seen.push(...chunk.subarray(0, KNOWN_BY_BYTES - seen.length));
    if (seen[0] === frameTypes.method || seen.length === 0) return true;
    if (seen.length < KNOWN_BY_BYTES && isTextual(seen)) return false;
    throw this.stranger();
  }

  /** Says who this is, as far as the octets tell. */
  stranger(): LostError {
    const seen = this.#seen;
    const text = String.fromCharCode(...seen);
    if (text.startsWith('AMQP')) return new LostError(wrongVersion(seen));
    if (text.startsWith('HTTP/')) {
      return new LostError('the peer speaks HTTP and not AMQP: the scheme for a WebSocket is ' +
        'ws:// or wss://');
    }
    if (seen[0] === TLS_ALERT || seen[0] === TLS_HANDSHAKE) {
      return new LostError('the peer speaks TLS: the scheme for it is amqps:// or wss://');
    }
    return new LostError(`the peer does not speak AMQP 0-9-1: it began with ${shown(seen)}`);
  }

  /** Whether a part of a greeting came that was no frame. */
  get begun(): boolean {
    return this.#seen.length > 0 && this.#seen[0] !== frameTypes.method;
  }
}

function wrongVersion(seen: readonly number[]): string {
  const [id = 0, major = 0, minor = 0, revision = 0] = seen.slice(4);
  const version = major === 0
    ? `${id}-${major}-${minor}-${revision} by its header` : `${major}.${minor}.${revision}`;
  return `the peer speaks AMQP ${version} and not AMQP 0-9-1`;
}

/** Text may be cut anywhere, so more of it is waited for. */
function isTextual(octets: readonly number[]): boolean {
  return octets.every((octet, index) => index > 3 || (octet >= 0x20 && octet < 0x7f));
}

function shown(octets: readonly number[]): string {
  const printable = octets.every((octet) => octet >= 0x20 && octet < 0x7f);
  if (printable) return `'${String.fromCharCode(...octets)}'`;
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
}
