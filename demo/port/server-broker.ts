import { EMPTY, fromEvent, map, startWith, switchMap, timer, type Observable } from 'rxjs';
import type { ApiRequest, ApiResponse } from '../../core/management/index.ts';
import { decodeBase64, encodeBase64 } from '../../core/protocol/base64.ts';
import type { BrokerPort, Capabilities, TapBatch, TapFilter } from './broker-port.ts';

/** Milliseconds between two looks at the server, while somebody sees the page. */
const LOOK_MS = 2000;

const utf8 = new TextEncoder();

const NEWS: TapBatch = { events: [], counts: [], dropped: 0 };

/** The broker that serves this page, by its management API. Whoever looks has logged in. */
export class ServerBroker implements BrokerPort {
  capabilities: Capabilities = {
    clock: false, clients: false, frames: false, write: true, server: true,
    makePolicies: false, administer: false,
  };
  /** Called when the server knows the session no more. */
  readonly #onLoggedOut: () => void;

  constructor(onLoggedOut: () => void) {
    this.#onLoggedOut = onLoggedOut;
  }

  /** Asks who has logged in, and so what there is to see; false: nobody. */
  async enter(): Promise<boolean> {
    const { status, body } = await this.api('/api/whoami');
    if (status !== 200) return false;
    const { tags } = body as { readonly tags: readonly string[] };
    const administer = tags.includes('administrator');
    const makePolicies = administer || tags.includes('policymaker');
    this.capabilities = { ...this.capabilities, makePolicies, administer };
    return true;
  }

  async api(path: string, init: Omit<ApiRequest, 'path'> = {}): Promise<ApiResponse> {
    const { method = 'GET', body } = init;
    try {
      const response = await fetch(`.${path}`, {
        method,
        headers: { 'accept': 'application/json', 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(inJson(body)) }),
      });
      // It is also what a user hears who may not do this.
      if (response.status === 401) void this.#checkSession();
      return { status: response.status, body: fromJson(valueOf(await response.text())) };
    } catch {
      return { status: 503, body: { error: 'unreachable', reason: 'the server does not answer' } };
    }
  }

  async #checkSession(): Promise<void> {
    const answer = await fetch('./api/whoami').catch(() => undefined);
    if (answer?.status === 401) this.#onLoggedOut();
  }

  /** It shows no event; that something may have changed is news, as often as is good for both. */
  tap$({ types }: TapFilter = {}): Observable<TapBatch> {
    if (types !== undefined) return EMPTY;
    return fromEvent(document, 'visibilitychange').pipe(
      startWith(undefined),
      switchMap(() => (document.hidden ? EMPTY : timer(0, LOOK_MS))),
      map(() => NEWS),
    );
  }

  dial(): string {
    return `${location.protocol.replace('http', 'ws')}//${location.host}/`;
  }
}

/** An answer without a body is a value as well. */
function valueOf(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return { error: 'unreadable', reason: text };
  }
}

interface MessageInJson {
  readonly payload?: unknown;
  readonly payload_encoding?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Octets of a message go as base64, and its properties by RabbitMQ's names. */
function inJson(value: unknown): unknown {
  const { payload, properties = {} } = (value ?? {}) as MessageInJson;
  if (!(payload instanceof Uint8Array)) return value;
  return {
    ...value as object, payload: encodeBase64(payload), payload_encoding: 'base64',
    properties: renamed(properties, (name) => name.replace(/[A-Z]/g, '_$&').toLowerCase()),
  };
}

/** The other way round. */
function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  const { payload, payload_encoding: encoding, properties = {} } = (value ?? {}) as MessageInJson;
  if (typeof payload !== 'string') return value;
  return {
    ...value as object,
    payload: encoding === 'base64' ? decodeBase64(payload) : utf8.encode(payload),
    properties: renamed(properties, (name) => (
      name.replace(/_[a-z]/g, (part) => part.slice(1).toUpperCase()))),
  };
}

function renamed(
  table: Readonly<Record<string, unknown>>, rename: (name: string) => string,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [rename(name), value]));
}
