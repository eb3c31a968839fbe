/** The API by both doors that it has: requests to a gateway, and the same ones in process. */
import { onTestFinished } from 'vitest';
import { Broker, type PeerInfo } from '../../core/index.ts';
import { management } from '../../core/management/index.ts';
import { startGateway } from '../../node/index.ts';

/** Asks as a user; the body is sent as JSON, unless it is a text already. */
export interface Asking {
  (method: string, path: string, body?: unknown, init?: { user?: string; headers?: Record<string, string> }):
  Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON that came, or the text where it is none. */
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface Door {
  readonly ask: Asking;
  readonly broker: Broker;
}

const here: PeerInfo = { transport: 'tcp', address: '127.0.0.1', port: 1, loopback: true, secure: false };

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // It is a text.
  }
  return { status: response.status, headers: response.headers, body };
}

function requestOf(base: string, ...[method, path, body, init = {}]: Parameters<Asking>): Request {
  const { user = 'guest', headers = {} } = init;
  // Every user of these tests has its name as its password.
  const login = user === '' ? {} : { authorization: `Basic ${btoa(`${user}:${user}`)}` };
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return new Request(base + path, { method, headers: { ...login, ...headers }, redirect: 'manual', ...content });
}

/** Both doors, each with a broker of its own. */
export const doors: readonly (readonly [string, () => Promise<Door>])[] = [
  ['in process', async () => {
    const broker = new Broker();
    const { fetch } = management(broker, {
      secret: () => 'nobody-guesses-this', sharesWith: (origin) => origin === 'https://app.example',
      listeners: () => [{ protocol: 'amqp', address: '127.0.0.1', port: 5672 }],
    });
    onTestFinished(() => broker.stop());
    return {
      broker, ask: async (...asked) => answered(await fetch(requestOf('http://localhost', ...asked), here)),
    };
  }],
  ['through the gateway', async () => {
    const gateway = await startGateway({
      hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, allowedOrigins: ['https://app.example'],
    });
    onTestFinished(() => gateway.stop());
    const base = `http://127.0.0.1:${gateway.ports.http}`;
    return {
      broker: gateway.broker, ask: async (...asked) => answered(await fetch(requestOf(base, ...asked))),
    };
  }],
];
