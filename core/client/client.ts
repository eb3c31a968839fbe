import { Observable, Subscription } from 'rxjs';
import { hostClock, hostRandom } from '../clock/host-clock.ts';
import { Connection } from './connection.ts';
import { ConnectionCore, type ClientEnv } from './connection-core.ts';
import type { Dial } from './dial.ts';
import { LostError, messageOf, ReplyError, UriError } from './errors.ts';
import { readSettings, type ConnectTarget, type Settings } from './options.ts';

/**
 * Connects to a broker when it is subscribed and emits the connection once it is open;
 * unsubscribing closes it in order. It never completes, and fails when the connection cannot be
 * made or is lost, so that `retry` connects again. Of several targets each is tried in turn, until
 * one lets us in. A bad URI fails with a UriError.
 */
export type Connect = (target?: ConnectTarget | readonly ConnectTarget[]) => Observable<Connection>;

/** Makes `connect` of a way to open transports, and of what the client asks of its world. */
export function createConnect(dial: Dial, env: Partial<ClientEnv> = {}): Connect {
  const whole: ClientEnv = { clock: hostClock(), random: hostRandom, ...env };
  return (target = {}) => new Observable((subscriber) => {
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
      const attempt = connectOnce(settings, dial, whole).subscribe({
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
        if (error === undefined) return;
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
    transport.add(dial(endpoint, core.serve).subscribe({
      error: (error: unknown) => core.drop(toLost(error)),
      complete: () => core.drop(new LostError('connection lost: the transport is closed')),
    }));
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
