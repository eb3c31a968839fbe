import { Observable, Subscription } from 'rxjs';
import { hostClock, hostRandom } from '../clock/host-clock.ts';
import { Connection } from './connection.ts';
import { ConnectionCore, type ClientEnv } from './connection-core.ts';
import type { Dial } from './dial.ts';
import { closedError, LostError, messageOf, ReplyError, UriError } from './errors.ts';
import { reconnecting, type ReconnectOptions } from './reconnect.ts';
import { readSettings, type ConnectTarget, type Settings } from './options.ts';

/**
 * Connects to a broker when it is subscribed and emits the connection once it is open;
 * unsubscribing closes it in order. It never completes, and fails when the connection cannot be
 * made or is lost, so that `retry` connects again. Of several targets each is tried in turn, until
 * one lets us in. A bad URI fails with a UriError.
 */
export type Connect = (
  target?: ConnectTarget | readonly ConnectTarget[], options?: ConnectingOptions,
) => Connecting;

/** What becomes of a connection that is lost. */
export interface ConnectingOptions {
  /** Whether it comes back, and how; see `reconnecting`. Default: false. */
  readonly reconnect?: boolean | ReconnectOptions;
}

/** A connection to be: to subscribe is to connect. */
export class Connecting extends Observable<Connection> {
  /**
   * Resolves with the connection once it is open, which then lasts until `close()`, also by the
   * end of `await using`. Where it is lost, what is asked of it fails, or waits where it comes
   * back.
   */
  open(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.subscribe({
        next: resolve, error: reject, complete: () => reject(closedError()),
      });
    });
  }
}

/** Makes `connect` of a way to open transports, and of what the client asks of its world. */
export function createConnect(dial: Dial, env: Partial<ClientEnv> = {}): Connect {
  const whole: ClientEnv = { clock: hostClock(), random: hostRandom, ...env };
  return (target = {}, { reconnect = false } = {}) => new Connecting((subscriber) => {
    const settled = settledBy(target, dial, whole);
    if (reconnect === false) return settled.subscribe(subscriber);
    const { clock, random } = whole;
    const options = reconnect === true ? {} : reconnect;
    return settled.pipe(reconnecting({ clock, random, ...options })).subscribe(subscriber);
  });
}

/** The first of the targets that lets us in. */
function settledBy(
  target: ConnectTarget | readonly ConnectTarget[], dial: Dial, env: ClientEnv,
): Observable<Connection> {
  return new Observable((subscriber) => {
    let all: Settings[];
    try {
      all = (isMany(target) ? target : [target]).map(readSettings);
      if (all.length === 0) throw new UriError('there is no URI to connect to');
    } catch (error) {
      subscriber.error(error);
      return;
    }
    const failures: Error[] = [];
    const tryNext = (): void => {
      const settings = all[failures.length]!;
      let opened = false;
      const attempt = connectOnce(settings, dial, env).subscribe({
        next(connection) {
          opened = true;
          subscriber.next(connection);
        },
        error(error: Error) {
          failures.push(error);
          if (opened || all.length === 1) subscriber.error(error);
          else if (failures.length === all.length) subscriber.error(allFailed(failures));
          else tryNext();
        },
        complete: () => subscriber.complete(),
      });
      subscriber.add(attempt);
    };
    tryNext();
  });
}

function isMany(
  target: ConnectTarget | readonly ConnectTarget[],
): target is readonly ConnectTarget[] {
  return Array.isArray(target);
}

function allFailed(failures: readonly Error[]): LostError {
  const texts = failures.map(messageOf).join('; ');
  return new LostError(`none of ${failures.length} brokers lets us in: ${texts}`, {
    cause: failures.at(-1),
  });
}

/** One attempt at one endpoint. */
function connectOnce(settings: Settings, dial: Dial, env: ClientEnv): Observable<Connection> {
  return new Observable((subscriber) => {
    const { endpoint, name } = settings;
    const core = new ConnectionCore(settings, env, {
      opened() {
        stopTimer();
        subscriber.next(new Connection(core));
      },
      ended(error) {
        stopTimer();
        if (error === undefined) {
          subscriber.complete();
          return;
        }
        // A broker that closes closes the link as well; nobody else is waited for to do so.
        const closes = error instanceof ReplyError && error.by === 'broker';
        if (!closes) env.clock.defer(() => transport.unsubscribe());
        subscriber.error(error);
      },
    });
    const transport = new Subscription();
    const stopTimer = env.clock.setTimer(endpoint.connectTimeoutMs, () => {
      core.drop(new LostError(`${name} did not open within ${endpoint.connectTimeoutMs} ms`));
    });
    const link = dial(endpoint, core.serve).subscribe({
      error: (error: unknown) => core.drop(toLost(error)),
      complete: () => core.drop(new LostError('connection lost: the transport is closed')),
    });
    link.add(() => core.gone());
    transport.add(link);
    subscriber.add(() => {
      core.close();
      // A link ends by itself, once close-ok came or is not waited for any longer.
      if (!core.linked) transport.unsubscribe();
    });
  });
}

function toLost(error: unknown): LostError {
  if (error instanceof LostError) return error;
  return new LostError(messageOf(error), { cause: error });
}
