import {
  createLocalJWKSet, importJWK, importSPKI, jwtVerify, type CryptoKey, type JSONWebKeySet,
  type JWK, type JWTHeaderParameters, type KeyObject,
} from 'jose';
import { limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Claims } from './token-claims.ts';

/** A key that is told in advance: a public one in PEM, a JWK, or a secret that both sides know. */
export type StaticKey =
  | { readonly pem: string } | { readonly jwk: JWK } | { readonly secret: string };

/** Where the keys come from that tokens are signed with. */
export interface TokenKeysOptions {
  /** By their id. */
  readonly keys: Readonly<Record<string, StaticKey>>;
  /** The id of the key for tokens that name none. */
  readonly defaultKey?: string | undefined;
  /** Where the keys of the issuer are, as a JSON Web Key Set. */
  readonly jwksUrl?: string | undefined;
  /** Who has to have made a token, in its claim `iss`. Default: anybody who has a key. */
  readonly issuer?: string | undefined;
  /** Default: all with a public key, and those with a secret where there is one. */
  readonly algorithms?: readonly string[] | undefined;
}

/** Asks for a JSON document. */
export type FetchJson = (url: string) => Promise<unknown>;

type Key = CryptoKey | KeyObject | Uint8Array | JWK;

const publicAlgorithms = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA',
  'Ed25519',
];
const secretAlgorithms = ['HS256', 'HS384', 'HS512'];

/** The keys that tokens are checked with: those told in advance, and those of the issuer. */
export class TokenKeys {
  readonly #options: TokenKeysOptions;
  readonly #clock: Clock;
  readonly #fetchJson: FetchJson;
  readonly #algorithms: string[];
  /** Keys of the issuer, and when they were asked for. */
  #issued: ReturnType<typeof createLocalJWKSet> | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(options: TokenKeysOptions, clock: Clock, fetchJson: FetchJson) {
    this.#options = options;
    this.#clock = clock;
    this.#fetchJson = fetchJson;
    const hasSecret = Object.values(options.keys).some((key) => 'secret' in key || isSecret(key));
    const known = hasSecret ? [...publicAlgorithms, ...secretAlgorithms] : publicAlgorithms;
    this.#algorithms = [...options.algorithms ?? known];
  }

  /** What a token says. Rejects where it is none, expired, too early, or signed by nobody known. */
  async verify(token: string): Promise<Claims> {
    const { issuer } = this.#options;
    const { payload } = await jwtVerify(token, (header) => this.#keyFor(header), {
      algorithms: this.#algorithms,
      currentDate: dateOf(this.#clock.wall()),
      ...(issuer !== undefined && { issuer }),
    });
    return payload as Claims;
  }

  async #keyFor(header: JWTHeaderParameters): Promise<Key> {
    const id = header.kid ?? this.#options.defaultKey;
    const { keys } = this.#options;
    if (id !== undefined && Object.hasOwn(keys, id)) return imported(keys[id]!, header.alg);
    if (this.#options.jwksUrl === undefined) throw new Error('there is no such key');
    const isOld = this.#clock.now() - this.#askedAt > limits.issuerKeysMs;
    if (this.#issued === undefined || isOld) await this.#ask();
    const wanted = { ...header, ...(id !== undefined && { kid: id }) };
    try {
      return await this.#issued!(wanted);
    } catch (error) {
      // The issuer may have another key by now.
      if (!await this.#askAgain()) throw error;
      return this.#issued!(wanted);
    }
  }

  /** Asks the issuer once more, unless it was asked just now. */
  async #askAgain(): Promise<boolean> {
    if (this.#clock.now() - this.#askedAt < limits.issuerKeysPauseMs) return false;
    await this.#ask();
    return true;
  }

  /** Many may wait for one answer. Keys that are known stay where there is none. */
  async #ask(): Promise<void> {
    this.#asking ??= this.#load().finally(() => (this.#asking = undefined));
    try {
      await this.#asking;
    } catch (error) {
      if (this.#issued === undefined) throw error;
    }
  }

  async #load(): Promise<void> {
    if (this.#clock.now() - this.#askedAt < limits.issuerKeysPauseMs) {
      throw new Error('the issuer was asked for its keys just now');
    }
    this.#askedAt = this.#clock.now();
    const set = await this.#fetchJson(this.#options.jwksUrl!) as JSONWebKeySet;
    if (Array.isArray(set?.keys) && set.keys.length > limits.issuerKeysMax) {
      throw new Error(`the issuer has more than ${limits.issuerKeysMax} keys`);
    }
    this.#issued = createLocalJWKSet(set);
  }
}

function isSecret(key: StaticKey): boolean {
  return 'jwk' in key && key.jwk.kty === 'oct';
}

const encoder = new TextEncoder();

async function imported(key: StaticKey, algorithm: string): Promise<Key> {
  if ('secret' in key) {
    if (!secretAlgorithms.includes(algorithm)) throw new Error('the key is a secret');
    return encoder.encode(key.secret);
  }
  if ('pem' in key) return importSPKI(key.pem, algorithm);
  return importJWK(key.jwk, algorithm);
}

/** The port of time knows milliseconds, and jose a Date. */
function dateOf(wall: number): Date {
  return new Date(wall);
}
