/** What runs in the page: the client as an application uses it, and a broker beside it. */
import {
  filter, firstValueFrom, from, lastValueFrom, map, mergeMap, range, retry, Subject, switchMap, take, timer,
  toArray, type Observable,
} from 'rxjs';
import { Broker, BufferPool, hostClock, servePort } from 'tabmq';
import { connect, type Channel, type ConnectTarget, type ReplyError } from 'tabmq/client';

/** Uses a channel of a connection of its own, which is closed in order afterwards. */
function withChannel<T>(target: ConnectTarget, use: (channel: Channel) => Observable<T>): Promise<T> {
  return firstValueFrom(connect(target).pipe(switchMap((connection) => connection.channel()), switchMap(use)));
}

/** Publishes numbers, has each confirmed, consumes and acknowledges them. */
function roundTrip(channel: Channel, count: number): Observable<unknown> {
  const body = (index: number): string => `message ${index} ✓ ${'x'.repeat(index)}`;
  return channel.declareQueue('', { exclusive: true, durable: false }).pipe(
    switchMap(({ queue }) => range(count).pipe(
      map((index) => ({ routingKey: queue, body: body(index), properties: { messageId: `${index}` } })),
      channel.publisher({ inFlightMax: 50 }),
      toArray(),
      switchMap((confirmations) => channel.consume(queue, { prefetch: 10 }).pipe(
        map((delivery) => {
          delivery.ack();
          return delivery.text() === body(Number(delivery.properties.messageId));
        }),
        take(count),
        toArray(),
        switchMap((same) => channel.declareQueue(queue, { passive: true }).pipe(
          map(({ messageCount }) => ({
            confirmed: confirmations.filter(({ kind }) => kind === 'confirmed').length,
            intact: same.filter(Boolean).length,
            left: messageCount,
          })),
        )),
      )),
    )),
  );
}

export function overWebSocket(url: string, count: number): Promise<unknown> {
  return withChannel(url, (channel) => roundTrip(channel, count));
}

/** With the broker in this page, at the other end of a pair of MessagePorts. */
export async function overPort(count: number): Promise<unknown> {
  const env = { clock: hostClock(), pool: new BufferPool() };
  const broker = new Broker(env);
  const { port1, port2 } = new MessageChannel();
  const served = lastValueFrom(servePort(port2, broker.serve, env), { defaultValue: 'the link ended in order' });
  const result = await withChannel({ messagePort: port1 }, (channel) => roundTrip(channel, count));
  return { result, end: await served, connections: [...broker.connections].length };
}

/** A message far larger than a frame, there and back. */
export function largeBody(url: string, bytes: number): Promise<unknown> {
  const body = new Uint8Array(bytes).map((_, index) => index * 7);
  return withChannel(url, (channel) => channel.declareQueue('', { exclusive: true, durable: false }).pipe(
    switchMap(({ queue }) => channel.publish({ routingKey: queue, body }).pipe(
      switchMap(() => channel.get(queue)),
      map((delivery) => delivery!.body.every((octet, index) => octet === body[index]) && delivery!.bodyBytes),
    )),
  ));
}

/** The error that a connection or what is done with it ends with, as plain data. */
export async function failure(target: ConnectTarget, passiveQueue?: string): Promise<unknown> {
  try {
    await withChannel(target, (channel) => channel.declareQueue(passiveQueue ?? '', { passive: true }));
    return 'it did not fail';
  } catch (error) {
    const { name, message, scope, replyCode } = error as ReplyError;
    return { name, message, scope, replyCode };
  }
}

const received$ = new Subject<string>();

/** Consumes on and on: where the connection is lost, it connects again. */
export function consumeForEver(url: string, queue: string): Promise<string> {
  const subscribed$ = new Subject<string>();
  connect(url).pipe(
    switchMap((connection) => connection.channel()),
    mergeMap((channel) => channel.declareQueue(queue, { durable: false }).pipe(
      switchMap(() => {
        subscribed$.next('consuming');
        return channel.consume(queue);
      }),
    )),
    retry({ delay: () => timer(20) }),
  ).subscribe((delivery) => {
    delivery.ack();
    received$.next(delivery.text());
  });
  return firstValueFrom(subscribed$);
}

/** Publishes a text, and resolves once it was consumed here. */
export async function sendAndReceive(url: string, queue: string, text: string): Promise<string> {
  const received = firstValueFrom(received$.pipe(filter((found) => found === text)));
  await withChannel(url, (channel) => from([text]).pipe(
    map((body) => ({ routingKey: queue, body })),
    channel.publisher(),
  ));
  return received;
}
