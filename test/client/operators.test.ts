/** The common shapes of work on deliveries: what is done is acknowledged, and nothing is lost. */
import { config, NEVER, of, Subject, take, throwError, type Observable, type OperatorFunction } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { ackAfter, batches, type Batch, type Delivery, type WorkError } from '../../core/client/index.ts';
import { dissectFrames, VirtualClock } from '../../core/index.ts';
import { open } from './fixture.ts';

/** A queue `q` with these bodies, and a channel. */
function queued(...texts: string[]) {
  const opened = open();
  const { channel, ask } = opened;
  ask(channel.declareQueue('dead'));
  const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
  ask(channel.declareQueue('q', { arguments: dead }));
  for (const body of texts) ask(channel.publish({ routingKey: 'q', body }));
  const ready = (queue = 'q'): number => ask(channel.call('queue.declare', { queue, passive: true })).messageCount;
  return { ...opened, ready };
}

test('acknowledges a delivery once its work completes, and emits what the work emits', () => {
  const { channel, watch, clock, ready } = queued('a', 'b');
  const works = new Map<string, Subject<string>>();
  const consumed = watch(channel.consume('q').pipe(ackAfter((delivery) => {
    const work = new Subject<string>();
    works.set(delivery.text(), work);
    return work;
  })));
  works.get('b')!.next('half of b');
  works.get('b')!.complete();
  expect(consumed.values).toEqual(['half of b']);
  consumed.unsubscribe();
  expect(works.get('a')!.observed, 'work that nobody waits for is given up').toBe(false);
  clock.runUntilIdle();
  expect(ready(), 'b is done, a is back').toBe(1);
});

test('works on promises, arrays, and on what fails before it begins', async () => {
  const { channel, watch, clock, ready } = queued('array', 'throws', 'promise');
  const errors: string[] = [];
  const consumed = watch(channel.consume('q').pipe(ackAfter((delivery): Promise<string> | string[] => {
    if (delivery.text() === 'throws') throw new Error('at once');
    return delivery.text() === 'array' ? ['x', 'y'] : Promise.resolve('z');
  }, { requeue: false, onError: (error) => errors.push((error as Error).message) })));
  await Promise.resolve();
  clock.runUntilIdle();
  expect(consumed.values).toEqual(['x', 'y', 'z']);
  expect(errors).toEqual(['at once']);
  consumed.unsubscribe();
  expect([ready(), ready('dead')]).toEqual([0, 1]);
});

test('gives a delivery whose work failed one more chance, then gives it up', () => {
  const { channel, watch, ready } = queued('poison', 'fine');
  const tries: string[] = [];
  const errors: unknown[] = [];
  const project = (delivery: Delivery): Observable<string> => {
    tries.push(`${delivery.text()} ${delivery.redelivered}`);
    return delivery.text() === 'poison' ? throwError(() => 'bad') : of('ok');
  };
  const consumed = watch(channel.consume('q', { prefetch: 1 }).pipe(
    ackAfter(project, { onError: (error) => errors.push(error) }),
  ));
  expect(tries).toEqual(['poison false', 'poison true', 'fine false']);
  expect([consumed.values, consumed.error, errors]).toEqual([['ok'], undefined, ['bad', 'bad']]);
  expect([ready(), ready('dead')]).toEqual([0, 1]);
});

/** What RxJS reports as unhandled during a test, once there is as much of it. */
function unhandled(count: number): Promise<WorkError[]> {
  const errors: WorkError[] = [];
  const { onUnhandledError } = config;
  onTestFinished(() => {
    config.onUnhandledError = onUnhandledError;
  });
  return new Promise((resolve) => {
    config.onUnhandledError = (error: WorkError) => {
      if (errors.push(error) === count) resolve(errors);
    };
  });
}

test('reports work that failed where nobody asked to hear of it, with queue, tag and what becomes of it', async () => {
  const { channel, watch, ready } = queued('poison');
  const reported = unhandled(2);
  const cause = new Error('bad');
  const consumed = watch(channel.consume('q', { consumerTag: 'worker' }).pipe(ackAfter(() => throwError(() => cause))));
  const errors = await reported;
  expect(errors.map(({ message }) => message)).toEqual([
    "work on delivery 1 of queue 'q' (consumer 'worker') failed, and the message goes back to its queue: bad",
    "work on delivery 2 of queue 'q' (consumer 'worker') failed, and the message is given up: bad",
  ]);
  expect(errors[0]).toMatchObject({ name: 'WorkError', scope: 'message', queue: 'q', deliveryTag: 1, cause });
  expect([consumed.error, ready(), ready('dead')]).toEqual([undefined, 0, 1]);
});

test.each([
  ['always', true, 1, 0],
  ['never', false, 0, 1],
  ['as a function decides', (_error: unknown, delivery: Delivery) => delivery.text() === 'no', 0, 1],
])('a message whose work failed goes back %s', (_when, requeue, left, dead) => {
  const { channel, watch, ready } = queued('poison');
  const heard: boolean[] = [];
  const failing = ackAfter(() => throwError(() => 'bad'), {
    requeue, onError: (_error, _delivery, requeued) => heard.push(requeued),
  });
  watch(channel.consume('q').pipe(take(1), failing));
  expect([heard, ready(), ready('dead')]).toEqual([[left === 1], left, dead]);
});

test('a failure that is itself badly heard does not keep the message', async () => {
  const { channel, ready, watch } = queued('poison');
  const reported = unhandled(1);
  watch(channel.consume('q').pipe(ackAfter(() => throwError(() => 'bad'), {
    requeue: false,
    onError() {
      throw new Error('deaf');
    },
  })));
  expect((await reported).map(({ message }) => message)).toEqual(['deaf']);
  expect([ready(), ready('dead')]).toEqual([0, 1]);
});

test('works on no more at once than it is told to, and gives back what waits', () => {
  const { channel, watch, ready } = queued('1', '2', '3', '4', '5');
  const works: Subject<never>[] = [];
  const consumed = watch(channel.consume('q').pipe(ackAfter(() => {
    const work = new Subject<never>();
    works.push(work);
    return work;
  }, { concurrency: 2 })));
  expect(works).toHaveLength(2);
  works[0]!.complete();
  expect(works).toHaveLength(3);
  consumed.unsubscribe();
  expect(works.map(({ observed }) => observed)).toEqual([false, false, false]);
  expect(ready()).toBe(4);
});

test.each<[string, OperatorFunction<Delivery, unknown>]>([
  ['work', ackAfter(() => NEVER, { concurrency: 1 })],
  ['batches', batches({ size: 9, timeMs: 1000, clock: new VirtualClock() })],
])('the consumer is cancelled before what waits is given back, else it came to it again: %s', (_, operator) => {
  const { broker, channel, watch } = queued('1', '2');
  const consumed = watch(channel.consume('q').pipe(operator));
  const sent: unknown[] = [];
  broker.frames$.subscribe(({ direction, bytes }) => {
    if (direction === 'in') sent.push(...dissectFrames(bytes).map(({ value }) => value));
  });
  consumed.unsubscribe();
  expect(sent).toEqual(['basic.cancel', 'basic.nack', 'basic.nack']);
});

test('leaves alone what the work settles itself, and completes after the last work', () => {
  const { channel, watch, ready, ask } = queued('a');
  const work = new Subject<never>();
  const source = new Subject<Delivery>();
  const done = watch(source.pipe(ackAfter((delivery) => {
    delivery.reject();
    return work;
  })));
  source.next(ask(channel.get('q'))!);
  source.complete();
  expect(done.completed).toBe(false);
  work.complete();
  expect(done.completed).toBe(true);
  expect([ready(), ready('dead')]).toEqual([0, 1]);
});

test('ends with the channel, whose deliveries then cannot be settled', () => {
  const { channel, watch, drop } = queued('a');
  const work = new Subject<never>();
  const consumed = watch(channel.consume('q').pipe(ackAfter(() => work)));
  drop();
  expect(consumed.error).toMatchObject({ name: 'LostError' });
  expect(work.observed).toBe(false);
});

test('gathers batches by size, by time and at the end', () => {
  const { channel, watch, clock, ready, ask } = queued('1', '2', '3', '4', '5');
  const texts = (batch: Batch): string => batch.deliveries.map((delivery) => delivery.text()).join(' ');
  const consumed = watch(channel.consume('q').pipe(batches({ size: 2, timeMs: 100, clock })));
  expect(consumed.values.map(texts)).toEqual(['1 2', '3 4']);
  clock.advanceBy(100);
  expect(consumed.values.map(texts)).toEqual(['1 2', '3 4', '5']);
  consumed.values[0]!.ack();
  consumed.values[1]!.deliveries[0]!.ack();
  consumed.values[1]!.nack({ requeue: false });
  consumed.values[2]!.nack();
  clock.runUntilIdle();
  expect(ready('dead')).toBe(1);
  clock.advanceBy(100);
  expect(texts(consumed.values.at(-1)!)).toBe('5');
  consumed.values.at(-1)!.ack();
  ask(channel.publish({ routingKey: 'q', body: 'too late for a batch' }));
  consumed.unsubscribe();
  expect(ready()).toBe(1);
  const source = new Subject<Delivery>();
  const last = watch(source.pipe(batches({ size: 9, timeMs: 1000, clock })));
  source.next(ask(channel.get('q'))!);
  source.complete();
  expect([last.values.map(texts), last.completed]).toEqual([['too late for a batch'], true]);
  last.value.ack();
});
