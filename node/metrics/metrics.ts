import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Broker, Clock } from '../../core/index.ts';
import type { Directory } from '../../core/storage/index.ts';
import { isMetricsPath, metricsApp, type MetricsApp } from './exposition.ts';
import { Gauges } from './gauges.ts';
import { measured, noIo } from './measured-directory.ts';
import { processFacts } from './process-facts.ts';

/** Where a broker keeps the name that it has for good. */
const PERMANENT_ID = 'cluster-permanent-id';

/** What a gateway measures, and how it tells it. */
export class Metrics {
  readonly #gauges: Gauges;
  readonly #io = noIo();
  readonly #logins = { succeeded: 0, failed: 0 };
  #app: MetricsApp | undefined;
  #stop = (): void => {};

  constructor(clock: Clock) {
    this.#gauges = new Gauges(clock);
  }

  /** Stands between the journal and its files. */
  readonly measure = (directory: Directory): Directory => (
    measured(directory, this.#io, this.#gauges.noteSync));

  /** Tells of this broker from now on. `path`: where its data is, or would be. */
  watch(broker: Broker, path: string, socketCount: () => number): void {
    this.#gauges.watch(broker);
    const logins = broker.events$.subscribe(({ type }) => {
      if (type === 'connection.opened') this.#logins.succeeded++;
      else if (type === 'connection.refused') this.#logins.failed++;
    });
    this.#app = metricsApp({
      broker,
      gauges: this.#gauges,
      facts: () => processFacts({
        broker, path, socketCount, io: this.#io, logins: { ...this.#logins },
        permanentId: permanentIdOf(broker),
      }),
    });
    this.#stop = () => {
      logins.unsubscribe();
      this.#gauges.stop();
    };
  }

  stop(): void {
    this.#stop();
  }

  /** Answers requests for metrics, and hands all others on. */
  listener(others: RequestListener): RequestListener {
    const answer = getRequestListener((request) => this.#app!(request), {
      overrideGlobalObjects: false,
    });
    return (request, response) => {
      const path = request.url?.replace(/[?#].*$/, '') ?? '/';
      if (isMetricsPath(path)) void answer(request, response);
      else others(request, response);
    };
  }
}

/** A name of the data, made when it is first asked for; while the disk fails it lasts no longer. */
function permanentIdOf(broker: Broker): string {
  const known = broker.noteOf(PERMANENT_ID);
  if (typeof known === 'string') return known;
  const id = `tabmq-cluster-id-${randomUUID()}`;
  try {
    broker.note(PERMANENT_ID, id);
  } catch {
    return broker.options.node;
  }
  return id;
}
