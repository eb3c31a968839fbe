import { existsSync } from 'node:fs';
import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { nodeLimits } from '../limits.ts';
import { StartError, codeOf } from '../start-error.ts';

/** Where the broker is, and who asks. */
export interface ApiPlace {
  readonly url?: string | undefined;
  /** `name:password`. */
  readonly user?: string | undefined;
  /** The data directory of a broker on this machine. */
  readonly data?: string | undefined;
}

/** What is asked of the API. */
export interface ApiRequest {
  readonly method?: string;
  /** Below `/api`, encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A status that is an answer like others, though it is no success. */
  readonly keepsRefusal?: number;
}

/** An answer that is no success, as a sentence. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** Where the control socket of a data directory is, in few letters: the kernel takes a hundred. */
export function controlSocketIn(directory: string): string {
  const path = resolve(directory, 'control.sock');
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}

const DEFAULT_DATA = 'tabmq-data';
const DEFAULT_URL = 'http://localhost:15672';
const DEFAULT_USER = 'guest:guest';

/**
 * Asks the management API: at a URL, else by the control socket of the data directory, where no
 * password is asked for, else on this machine as guest.
 */
export class ApiClient {
  readonly #socketPath: string | undefined;
  readonly #url: string;
  readonly #user: string;

  constructor({ url, user, data = DEFAULT_DATA }: ApiPlace) {
    const socketPath = controlSocketIn(data);
    const isBySocket = url === undefined && user === undefined && existsSync(socketPath);
    this.#socketPath = isBySocket ? socketPath : undefined;
    this.#url = (url ?? DEFAULT_URL).replace(/\/(api\/?)?$/, '');
    this.#user = isBySocket ? 'owner:' : user ?? DEFAULT_USER;
    if (!/^https?:\/\//.test(this.#url)) {
      throw new StartError(`The URL of the API begins with http:// or https://, not '${url}'.`);
    }
    if (!this.#user.includes(':')) {
      throw new StartError('The user of the API must be name:password.');
    }
  }

  /** How the place is called in a complaint. */
  get place(): string {
    return this.#socketPath ?? this.#url;
  }

  /** The JSON of the answer; undefined where it has none. Errors: ApiRefusal, StartError. */
  async ask(
    { method = 'GET', path, body, headers = {}, keepsRefusal }: ApiRequest,
  ): Promise<unknown> {
    const [status, answer] = await this.#send(`/api${path}`, {
      method,
      headers: {
        ...headers,
        authorization: `Basic ${Buffer.from(this.#user).toString('base64')}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
    }, body === undefined ? '' : JSON.stringify(body));
    const value = parsed(answer);
    if (status < 400 || status === keepsRefusal) return value;
    throw new ApiRefusal(status, sentenceOf(status, value));
  }

  async #send(
    path: string, options: RequestOptions, body: string,
  ): Promise<readonly [number, string]> {
    const request = this.#socketPath === undefined
      ? this.#requestUrl(`${this.#url}${path}`, options)
      : requestHttp({ ...options, path, socketPath: this.#socketPath });
    try {
      return await new Promise((resolve, reject) => {
        request.on('error', reject);
        request.setTimeout(nodeLimits.commandMs, () => {
          request.destroy(new Error(`no answer within ${nodeLimits.commandMs / 1000} seconds`));
        });
        request.on('response', (response) => {
          text(response).then((read) => resolve([response.statusCode!, read]), reject);
        });
        request.end(body);
      });
    } catch (error) {
      const code = codeOf(error);
      const reason = code === 'ECONNREFUSED' ? 'no broker listens there'
        : (error as Error).message || code;
      throw new StartError(`Cannot reach the broker at ${this.place}: ${reason}.`);
    }
  }

  #requestUrl(url: string, options: RequestOptions): ReturnType<typeof requestHttp> {
    return url.startsWith('https:') ? requestHttps(url, options) : requestHttp(url, options);
  }
}

function parsed(answer: string): unknown {
  if (answer === '') return undefined;
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}

function sentenceOf(status: number, value: unknown): string {
  const { reason, error } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly reason?: unknown; readonly error?: unknown;
  };
  const said = reason ?? error ?? value;
  if (said === undefined || said === '') return `The broker answers ${status}.`;
  return `The broker answers ${status}: ${typeof said === 'string' ? said : JSON.stringify(said)}`;
}
