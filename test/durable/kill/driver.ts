/** Publishers and consumers that keep a broker busy until it is killed, and that empty it in the end. */
import {
  EMPTY, Observable, Subject, catchError, concat, concatMap, defer, endWith, firstValueFrom, from, ignoreElements,
  lastValueFrom, map, merge, mergeMap, switchMap, take, tap, type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  LostError, connect, type Channel, type Connection, type Delivery, type Outgoing,
} from '../../../node/client.ts';
import { isPoison, makeSent, priorityOf, type Lane, type Ledger, type QueueName, type Sent } from './ledger.ts';

const IN_FLIGHT_MAX = 40;
const persistent = { deliveryMode: 2 } as const;

export interface DriverOptions {
  readonly port: number;
  readonly ledger: Ledger;
  readonly random: () => number;
}

const queueArguments: Readonly<Record<QueueName, Record<string, string | number>>> = {
  plain: {}, dead: {}, left: {}, right: {}, moved: {},
  urgent: { 'x-max-priority': 3 },
  source: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
  quorum: { 'x-queue-type': 'quorum' }, buried: { 'x-queue-type': 'quorum' },
  letters: {
    'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once',
    'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'buried',
  },
};
const queueNames = Object.keys(queueArguments) as QueueName[];
/** Those out of which messages are taken one by one, those first that feed others. */
const consumed = ['plain', 'urgent', 'source', 'letters', 'quorum', 'dead', 'buried', 'right', 'moved'] as const;

/** What goes to a quorum queue need not be persistent. */
function propertiesOf(sent: Sent): Outgoing['properties'] & object {
  if (sent.lane === 'quorum' || sent.lane === 'letters') return {};
  return sent.lane === 'urgent' ? { ...persistent, priority: priorityOf(sent) } : persistent;
}
/** Its segments are so small that there are many. */
const streamArguments = { 'x-queue-type': 'stream', 'x-stream-max-segment-size-bytes': 20_000 };

/** Works for one life of the broker; `onStep` hears of each confirm and delivery. */
export class Driver {
  readonly #options: DriverOptions;
  readonly #onStep: () => void;

  constructor(options: DriverOptions, onStep: () => void = () => {}) {
    this.#options = options;
    this.#onStep = onStep;
  }

  /** Publishes and consumes until the connection is lost. */
  async work(): Promise<void> {
    const lanes: Lane[] = ['plain', 'urgent', 'source', 'log', 'quorum', 'letters'];
    await this.#connected((connection) => merge(
      ...lanes.map((lane) => connection.channel().pipe(switchMap((channel) => this.#publish(channel, lane)))),
      connection.channel().pipe(switchMap((channel) => this.#transact(channel))),
      connection.channel().pipe(switchMap((channel) => this.#move(channel))),
      ...consumed.map((queue) => {
        return connection.consume(queue, { prefetch: 20 }).pipe(tap((delivery) => this.#take(queue, delivery)));
      }),
      this.#read(connection, this.#options.ledger.knownOffset ?? 0),
    ));
  }

  /** Takes all that there is out of the queues, those first that feed others, and reads the stream. */
  async drain(): Promise<void> {
    await this.#connected((connection) => onChannel(connection, (channel) => {
      return channel.declareQueue('log', { passive: true }).pipe(
        concatMap(({ messageCount }) => this.#read(connection, 0).pipe(take(messageCount), ignoreElements())),
        endWith(undefined),
        concatMap(() => channel.deleteQueue('log')),
      );
    }));
    await this.#connected((connection) => onChannel(connection, (channel) => {
      return from(consumed.filter((queue) => queue !== 'moved')).pipe(
        concatMap((queue) => drainQueue(channel, queue, (delivery) => this.#take(queue, delivery))),
      );
    }));
    await this.#connected((connection) => onChannel(connection, (channel) => {
      return channel.selectTransactions().pipe(
        concatMap(() => drainQueue(channel, 'left', (delivery) => lastValueFrom(this.#moveOne(channel, delivery)))),
        concatMap(() => drainQueue(channel, 'moved', (delivery) => {
          this.#take('moved', delivery);
          return lastValueFrom(channel.commit());
        })),
      );
    }));
  }

  /** Declares all queues on a new connection, and uses it until what is done with it completes. */
  async #connected(use: (connection: Connection) => Observable<unknown>): Promise<void> {
    const url = `amqp://127.0.0.1:${this.#options.port}`;
    const used = connect(url).pipe(
      // The connection lasts until `take` has what follows when all work on it is over.
      mergeMap((connection) => declareAll(connection).pipe(
        concatMap(() => use(connection)), ignoreElements(), endWith(undefined),
      )),
      take(1),
      untilLost(),
    );
    await lastValueFrom(used, { defaultValue: undefined });
  }

  /** Publishes without end, so many messages at a time, and notes those that are confirmed. */
  #publish(channel: Channel, lane: Lane): Observable<unknown> {
    const { ledger } = this.#options;
    const messages = new Subject<Outgoing & { readonly sent: Sent }>();
    let sequence = 0;
    const next = (): void => {
      const sent = this.#make(lane, ++sequence);
      messages.next({ sent, routingKey: lane, body: sent.body, properties: propertiesOf(sent) });
    };
    const confirmations = messages.pipe(channel.publisher({ inFlightMax: IN_FLIGHT_MAX }));
    return new Observable((subscriber) => {
      subscriber.add(confirmations.subscribe({
        next: ({ kind, message }) => {
          if (kind !== 'confirmed') return;
          ledger.confirmed(message.sent);
          this.#onStep();
          next();
        },
        error: (error: unknown) => subscriber.error(error),
      }));
      for (let index = 0; index < IN_FLIGHT_MAX; index++) next();
    });
  }

  /** Puts the same message into two queues by one transaction, again and again. */
  #transact(channel: Channel): Observable<unknown> {
    const { ledger } = this.#options;
    let sequence = 0;
    const again = defer(() => {
      const sent = this.#make('tx', ++sequence);
      for (const routingKey of ['left', 'right']) channel.post({ routingKey, body: sent.body, properties: persistent });
      return channel.commit().pipe(tap(() => {
        ledger.confirmed(sent);
        this.#onStep();
      }));
    });
    return channel.selectTransactions().pipe(concatMap(() => repeatForEver(again)));
  }

  /** Moves messages from one queue to another, each by a transaction. */
  #move(channel: Channel): Observable<unknown> {
    return channel.selectTransactions().pipe(
      concatMap(() => channel.consume('left', { prefetch: 5 })),
      concatMap((delivery) => this.#moveOne(channel, delivery)),
    );
  }

  #moveOne(channel: Channel, delivery: Delivery): Observable<unknown> {
    const { ledger } = this.#options;
    const sent = ledger.received('left', delivery.body, delivery.redelivered);
    this.#onStep();
    if (sent !== undefined) ledger.movesOn('left', sent);
    channel.post({ routingKey: 'moved', body: delivery.body, properties: persistent });
    delivery.ack();
    return channel.commit().pipe(map(() => sent !== undefined && ledger.movedOn('left', sent)));
  }

  #take(queue: QueueName, delivery: Delivery): void {
    const { ledger } = this.#options;
    const sent = ledger.received(queue, delivery.body, delivery.redelivered);
    if ((queue === 'source' || queue === 'letters') && sent !== undefined && isPoison(sent)) {
      ledger.movesOn(queue, sent);
      delivery.reject();
    } else {
      delivery.ack();
    }
    this.#onStep();
  }

  /** Reads the stream from there on. */
  #read(connection: Connection, streamOffset: number): Observable<unknown> {
    const { ledger } = this.#options;
    ledger.reads(streamOffset);
    return connection.consume('log', { prefetch: 20, streamOffset }).pipe(tap((delivery) => {
      ledger.record(Number(delivery.properties.headers!['x-stream-offset']), delivery.body);
      delivery.ack();
      this.#onStep();
    }));
  }

  /** Most messages are small; some are so large that segments fill and are compacted. What stays is small. */
  #make(lane: Lane, sequence: number): Sent {
    const { ledger, random } = this.#options;
    const bytes = lane !== 'log' && random() < 0.05 ? 200_000 * random() : 200 * random();
    const sent = makeSent(lane, ledger.life, sequence, Math.floor(bytes));
    ledger.sent(sent);
    return sent;
  }
}

/** The end of the connection is no fault: the broker was killed. */
function untilLost<T>(): MonoTypeOperatorFunction<T> {
  return catchError((error: unknown) => {
    if (error instanceof LostError) return EMPTY;
    throw error;
  });
}

/** Uses a channel until what is done with it completes, and then says so. */
function onChannel(
  connection: Connection, use: (channel: Channel) => Observable<unknown>,
): Observable<undefined> {
  return connection.channel().pipe(
    mergeMap((channel) => use(channel).pipe(ignoreElements(), endWith(undefined))), take(1),
  );
}

function declareAll(connection: Connection): Observable<undefined> {
  return onChannel(connection, (channel) => concat(
    ...queueNames.map((queue) => channel.declareQueue(queue, { arguments: queueArguments[queue] })),
    channel.declareQueue('log', { arguments: streamArguments }),
  ));
}

/** Fetches and settles one message after the other until there is none. */
async function drainQueue(
  channel: Channel, queue: QueueName, settle: (delivery: Delivery) => unknown,
): Promise<void> {
  for (;;) {
    const delivery = await firstValueFrom(channel.get(queue));
    if (delivery === undefined) return;
    await settle(delivery);
  }
}

function repeatForEver(work: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const again = (): void => {
      subscriber.add(work.subscribe({
        next: again,
        error: (error: unknown) => subscriber.error(error),
      }));
    };
    again();
  });
}
