/** What runs in a tab: brokers in all places, and clients that use them. */
import {
  filter, firstValueFrom, map, range, skip, Subject, switchMap, take, tap, toArray, type Observable,
} from 'rxjs';
import {
  installTabWebSocket, openBroker, openBrokerHere, type OpenBrokerOptions, type TabBroker,
} from 'tabmq/browser';
import { connect, type Channel, type Delivery } from 'tabmq/client';
import { bothClients } from './clients.ts';

let broker: TabBroker;
let uninstall = (): void => {};

type Options = OpenBrokerOptions | { readonly place: 'here'; readonly name?: string; readonly salvage?: boolean };

async function openWith({ place, ...options }: Options): Promise<TabBroker> {
  return place === 'here' ? openBrokerHere(options) : openBroker({ ...options, ...(place && { place }) });
}

/** Opens a broker and has the global WebSocket lead to it; answers where it runs, or why it does not. */
export async function open(options: Options = {}): Promise<string> {
  try {
    broker = await openWith(options);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  uninstall();
  uninstall = installTabWebSocket(broker);
  return broker.place;
}

export const close = (): Promise<void> => broker.close();

/** Opens one whose worker ends by itself when it is told to. */
export function openEnding(place: 'worker' | 'shared-worker'): Promise<string> {
  return open({
    place, name: 'ending', storage: 'memory',
    worker: () => new Worker('/control-worker.js', { type: 'module' }),
    sharedWorker: () => new SharedWorker('/control-worker.js', { type: 'module' }),
  });
}

/** Has that worker end; resolves once the port by which it was told hears of it. */
export function endWorker(): Promise<string> {
  const port = broker.control();
  const closed = new Promise<string>((resolve) => port.addEventListener('close', ({ type }) => resolve(type)));
  port.postMessage('end');
  return closed;
}

export function restart(options?: object): Promise<string> {
  return broker.restart(options).then(() => 'restarted', (error: Error) => `${error.name}: ${error.message}`);
}

export const salvaged = (): readonly unknown[] => broker.salvaged;

const sockets = new Map<string, WebSocket>();
const opened$ = new Subject<void>();

/** Opens sockets, each of which is opened again as soon as it is closed. */
export function keepSockets(count: number): void {
  const dial = (key: string): void => {
    const socket = new WebSocket('ws://broker.tab/');
    sockets.set(key, socket);
    socket.onopen = () => opened$.next();
    socket.onclose = () => dial(key);
  };
  for (let index = 0; index < count; index++) dial(`socket ${index}`);
}

/** Resolves once all of them are open, and none is one of those before. */
export async function allReopened(): Promise<void> {
  const before = new Set(sockets.values());
  const isDone = (): boolean =>
    [...sockets.values()].every((socket) => !before.has(socket) && socket.readyState === WebSocket.OPEN);
  while (!isDone()) await firstValueFrom(opened$);
}

/** Holds up the thread of this page until the answer to a request comes. */
export function standStill(): void {
  const request = new XMLHttpRequest();
  request.open('GET', '/stand-still', false);
  request.send();
}

/** Flips some octets in the middle of what is kept of the broker in IndexedDB. */
export async function damage(at: number): Promise<void> {
  const finished = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  const database = await finished(indexedDB.open('tabmq-broker'));
  const blocks = database.transaction('blocks', 'readwrite').objectStore('blocks');
  const [key] = await finished(blocks.getAllKeys());
  const block = (await finished(blocks.get(key!))) as Uint8Array;
  for (let index = 0; index < 3; index++) block[at + index]! ^= 0xff;
  await finished(blocks.put(block, key));
  database.close();
}
export { bothClients };

/** Takes something away that not every browser has. */
export function remove(name: string): void {
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
}

/** A round trip of both clients in a worker, over ports that this tab dials. */
export async function bothClientsInWorker(place: 'worker' | 'shared-worker', count: number): Promise<unknown> {
  const target = place === 'worker'
    ? new Worker('/client-worker.js', { type: 'module' })
    : new SharedWorker('/client-worker.js', { type: 'module' }).port;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  target.postMessage(count, [port2, broker.dial(), broker.dial()]);
  return answer;
}

function withChannel<T>(use: (channel: Channel) => Observable<T>): Promise<T> {
  return firstValueFrom(connect('ws://broker.tab/').pipe(
    switchMap((connection) => connection.channel()),
    switchMap(use),
  ));
}

export function declare(queue: string): Promise<unknown> {
  return withChannel((channel) => channel.declareQueue(queue, { durable: true, autoDelete: false }));
}

export async function publish(queue: string, body: string): Promise<string> {
  const message = { routingKey: queue, body, properties: { deliveryMode: 2 } };
  const { kind } = await withChannel((channel) => channel.publish(message));
  return kind;
}

/** How many messages are ready in a queue. */
export async function count(queue: string): Promise<number> {
  const { messageCount } = await withChannel((channel) => channel.declareQueue(queue, { passive: true }));
  return messageCount;
}

const deliveries$ = new Subject<Delivery>();
const ends$ = new Subject<string>();

/** Takes messages and keeps them unacknowledged; resolves once the first is here. */
export function hold(queue: string): Promise<string> {
  const first = firstValueFrom(deliveries$);
  connect('ws://broker.tab/').pipe(
    switchMap((connection) => connection.channel()),
    switchMap((channel) => channel.consume(queue)),
  ).subscribe({
    next: (delivery) => deliveries$.next(delivery),
    error: (error: Error) => ends$.next(error.message),
  });
  return first.then((delivery) => delivery.text());
}

/** The next message of a queue, acknowledged. */
export async function next(queue: string): Promise<unknown> {
  const delivery = await withChannel((channel) => channel.consume(queue).pipe(
    tap((delivery) => delivery.ack()),
    take(1),
  ));
  return { text: delivery.text(), redelivered: delivery.redelivered };
}

/** What the connection of `hold` ends with. */
let ended: Promise<string> | undefined;
export function watchEnd(): void {
  ended = firstValueFrom(ends$);
}
export const end = (): Promise<string> => ended!;

/** What a control port tells while both clients work, and how many connections it counts then. */
export async function control(): Promise<unknown> {
  const own = await openBroker({
    name: 'controlled', worker: () => new Worker('/control-worker.js', { type: 'module' }), place: 'worker',
  });
  const port = own.control();
  const told$ = new Subject<unknown>();
  port.onmessage = ({ data }) => told$.next(data);
  const opened = firstValueFrom(told$.pipe(filter((type) => type === 'connection.opened')));
  const connection = connect({ messagePort: own.dial() }).subscribe();
  await opened;
  const counted = firstValueFrom(told$.pipe(filter((count) => typeof count === 'number')));
  port.postMessage('how many?');
  const connections = await counted;
  connection.unsubscribe();
  await own.close();
  return { connections, dialAfterClose: await outcome(own) };
}

/** What a connection to a closed broker ends with. */
function outcome(closed: TabBroker): Promise<string> {
  return firstValueFrom(connect({ messagePort: closed.dial() })).then(
    () => 'connected',
    (error: Error) => error.message,
  );
}

/** What keeps the data of the broker, and what is said about it. */
export async function storage(): Promise<unknown> {
  return { storage: broker.storage, notice: await firstValueFrom(broker.notice$) };
}

/** The next thing that is said about the storage; undefined: all is well. */
let notice: Promise<string | undefined> | undefined;
export function watchNotice(): void {
  notice = firstValueFrom(broker.notice$.pipe(skip(1)));
}
export const noticed = (): Promise<string | undefined> => notice!;

/** Lets no script of this page use IndexedDB, as some browsers do when a person wishes it. */
export function denyStorage(): void {
  const denied = (): never => {
    throw new DOMException('the user denied permission to access the database', 'SecurityError');
  };
  Object.defineProperty(indexedDB, 'open', { value: denied });
}

let filled: Promise<string> | undefined;

/** Publishes large messages until one of them is refused or confirmed late, whatever comes first. */
export function fill(queue: string, count: number): void {
  // A browser that compresses what it stores must not gain by it.
  const body = new Uint8Array(15 * 65_536);
  for (let at = 0; at < body.length; at += 65_536) crypto.getRandomValues(body.subarray(at, at + 65_536));
  filled = withChannel((channel) => range(count).pipe(
    map(() => ({ routingKey: queue, body, properties: { deliveryMode: 2 } })),
    channel.publisher({ inFlightMax: 1 }),
    toArray(),
    map((confirmations) => [...new Set(confirmations.map(({ kind }) => kind))].sort().join(' and ')),
  ));
}
/** What became of them. */
export const filledWith = (): Promise<string> => filled!;
