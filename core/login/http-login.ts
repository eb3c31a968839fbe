import { Observable } from 'rxjs';
import { AnswerAwaited } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Authenticator, Clock, Identity, LoginRefusal, PeerInfo } from '../ports.ts';

/** What a question is about: each has a path of its own. */
export type Question = 'user' | 'vhost' | 'resource' | 'topic';

/**
 * Puts a question to the authorization server and resolves with the text of its answer. Rejects
 * where there is none, or none in time.
 */
export type Ask = (
  question: Question, parameters: Readonly<Record<string, string>>,
) => Promise<string>;

/** How an authorization server is asked. */
export interface HttpLoginOptions {
  readonly ask: Ask;
  readonly clock: Clock;
  /** How long an answer holds, in milliseconds. */
  readonly cacheMs: number;
  /** Hears why a question had no answer. */
  readonly onFailure: (error: unknown) => void;
}

const UNREACHABLE = 'the authorization server does not answer';

/**
 * Lets in whom an HTTP server lets in, by the four questions of RabbitMQ's plugin: user, vhost,
 * resource and topic. It answers `allow`, with the tags of the user, or `deny`.
 */
export function httpLogin(options: HttpLoginOptions): Authenticator {
  const server = new AuthorizationServer(options);
  return {
    authenticate({ mechanism, user, password }, peer) {
      return new Observable((observer) => {
        const answer = (found: Identity | LoginRefusal | undefined): void => {
          observer.next(found);
          observer.complete();
        };
        // A token alone names nobody whom the server could know.
        if (user === '') return answer(undefined);
        const secret = mechanism === 'EXTERNAL' ? {} : { password };
        const found = (tags: readonly string[] | undefined): void => (
          answer(tags && new AskedIdentity(user, tags, peer, server)));
        server.ask('user', { username: user, ...secret }).then(
          (text) => found(allowedTags(text)),
          () => answer({ refused: `It was not looked at: ${UNREACHABLE}` }),
        );
        return undefined;
      });
    },
  };
}

/** `allow administrator management`: the tags; undefined: whatever else it says is no. */
function allowedTags(text: string): readonly string[] | undefined {
  const [word = '', ...tags] = text.trim().split(/[\s,]+/);
  return word.toLowerCase() === 'allow' ? tags : undefined;
}

/** The server that is asked, with a bound on the questions that wait. */
class AuthorizationServer {
  readonly clock: Clock;
  readonly cacheMs: number;
  readonly #options: HttpLoginOptions;
  #waiting = 0;

  constructor(options: HttpLoginOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.cacheMs = options.cacheMs;
  }

  async ask(question: Question, parameters: Readonly<Record<string, string>>): Promise<string> {
    if (this.#waiting >= limits.questionsMax) throw new Error('too many questions wait');
    this.#waiting++;
    try {
      return await this.#options.ask(question, parameters);
    } catch (error) {
      this.#options.onFailure(error);
      throw error;
    } finally {
      this.#waiting--;
    }
  }
}

type Answer = 'allowed' | 'denied' | 'unknown';

/** A user of whom the server is asked what it may do, again once answers are old. */
class AskedIdentity implements Identity {
  readonly user: string;
  readonly tags: readonly string[];
  readonly changes = { version: 0 };
  readonly #peer: PeerInfo;
  readonly #server: AuthorizationServer;
  /** By question; those of one time are forgotten together. */
  readonly #answers = new Map<string, Answer>();
  /** Who waits for the answer to a question that was put. */
  readonly #asked = new Map<string, (() => void)[]>();
  /** A timer runs until the answers are forgotten. */
  #getOld = false;
  /** The last answer was none. */
  #isUnreachable = false;

  constructor(
    user: string, tags: readonly string[], peer: PeerInfo, server: AuthorizationServer,
  ) {
    this.user = user;
    this.tags = tags;
    this.#peer = peer;
    this.#server = server;
  }

  get whyNot(): string | undefined {
    return this.#isUnreachable ? UNREACHABLE : undefined;
  }

  mayOpen(vhost: string): boolean {
    return this.#allows('vhost', { vhost, ip: this.#peer.address });
  }

  may(
    permission: 'configure' | 'write' | 'read', resource: 'queue' | 'exchange', name: string,
    vhost: string,
  ): boolean {
    const known = name === '' ? 'amq.default' : name;
    return this.#allows('resource', { vhost, resource, name: known, permission });
  }

  mayUseTopic(
    permission: 'write' | 'read', name: string, vhost: string, routingKey: string,
  ): boolean {
    const topic = { vhost, resource: 'topic', name, permission, routing_key: routingKey };
    return this.#allows('topic', topic);
  }

  #allows(question: Question, parameters: Readonly<Record<string, string>>): boolean {
    const key = JSON.stringify([question, ...Object.values(parameters)]);
    const answer = this.#answers.get(key);
    if (answer === undefined) {
      throw new AnswerAwaited((run) => this.#ask(key, question, parameters, run));
    }
    this.#isUnreachable = answer === 'unknown';
    // That there was no answer is said once, and then asked for again.
    if (answer === 'unknown') this.#answers.delete(key);
    return answer === 'allowed';
  }

  #ask(
    key: string, question: Question, parameters: Readonly<Record<string, string>>, run: () => void,
  ): void {
    const waiting = this.#asked.get(key);
    if (waiting !== undefined) {
      waiting.push(run);
      return;
    }
    const runs = [run];
    this.#asked.set(key, runs);
    const settle = (answer: Answer): void => {
      this.#asked.delete(key);
      this.#keep(key, answer);
      for (const each of runs) each();
    };
    const asked = { username: this.user, ...parameters, tags: this.tags.join(' ') };
    this.#server.ask(question, asked).then(
      (text) => settle(allowedTags(text) === undefined ? 'denied' : 'allowed'),
      () => settle('unknown'),
    );
  }

  #keep(key: string, answer: Answer): void {
    if (this.#answers.size >= limits.askedAnswersMax) this.#forget();
    this.#answers.set(key, answer);
    if (this.#getOld) return;
    this.#getOld = true;
    const { clock, cacheMs } = this.#server;
    clock.setTimer(cacheMs, () => {
      this.#getOld = false;
      this.#forget();
    }, 'answers of an authorization server get old');
  }

  #forget(): void {
    this.#answers.clear();
    this.changes.version++;
  }
}
