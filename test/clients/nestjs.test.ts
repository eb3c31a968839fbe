import 'reflect-metadata';
import { Controller, Logger, type DynamicModule, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory, Ctx, EventPattern, MessagePattern, Payload, RmqRecordBuilder, RpcException, ServerRMQ,
  Transport,
  type ClientProxy, type RmqContext, type RmqOptions,
} from '@nestjs/microservices';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { firstValueFrom, from, lastValueFrom, toArray, type Observable } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownGateway, startGateway, useGateway } from './gateway.ts';
import { unicodeText, uniqueName } from './samples.ts';
import { Inbox, within } from './waiting.ts';

Logger.overrideLogger(false);
const gateway = useGateway();

/** What the controller was told by events, for the test that sent them. */
const events = new Inbox<unknown>();

class OrderController {
  sum(numbers: number[]): number {
    return numbers.reduce((total, number) => total + number, 0);
  }

  countdown(first: number): Observable<number> {
    return from(Array.from({ length: first }, (_, index) => first - index));
  }

  fail(): never {
    throw new RpcException('out of stock');
  }

  /** Acknowledges by hand, and on the first delivery not at all but with a requeue. */
  acknowledge(_order: unknown, context: RmqContext): unknown {
    const channel = context.getChannelRef() as Channel;
    const message = context.getMessage() as ConsumeMessage;
    if (!message.fields.redelivered) return void channel.nack(message, false, true);
    channel.ack(message);
    events.put({ redelivered: true, headers: message.properties.headers, priority: message.properties.priority });
    return undefined;
  }

  created(order: unknown, context: RmqContext): void {
    events.put({ order, pattern: context.getPattern() });
  }
}

/** The decorators, applied as functions: no compiler has to know about them. */
function handle(method: keyof OrderController, pattern: MethodDecorator): void {
  const descriptor = Object.getOwnPropertyDescriptor(OrderController.prototype, method)!;
  pattern(OrderController.prototype, method, descriptor);
  Payload()(OrderController.prototype, method, 0);
  Ctx()(OrderController.prototype, method, 1);
}

handle('sum', MessagePattern('orders.sum'));
handle('countdown', MessagePattern({ command: 'countdown' }));
handle('fail', MessagePattern('orders.fail'));
handle('acknowledge', EventPattern('orders.acknowledge'));
handle('created', EventPattern('orders.created'));
Controller()(OrderController);

class WildcardController {
  any(data: unknown, context: RmqContext): void {
    events.put({ data, pattern: context.getPattern() });
  }
}

const anyDescriptor = Object.getOwnPropertyDescriptor(WildcardController.prototype, 'any')!;
EventPattern('orders.*.shipped')(WildcardController.prototype, 'any', anyDescriptor);
Payload()(WildcardController.prototype, 'any', 0);
Ctx()(WildcardController.prototype, 'any', 1);
Controller()(WildcardController);

// NestJS knows a module by its class, even by one that has nothing to say.
// oxlint-disable-next-line typescript/no-extraneous-class
class ServiceModule {}

const moduleOf = (controller: Type): DynamicModule => ({ module: ServiceModule, controllers: [controller] });

type Options = NonNullable<RmqOptions['options']>;

function optionsFor(url: string, options: Options): { transport: Transport.RMQ; options: Options } {
  const socketOptions = { heartbeatIntervalInSeconds: 5, reconnectTimeInSeconds: 0.05 };
  const queueOptions = { durable: false, autoDelete: true };
  return { transport: Transport.RMQ, options: { urls: [url], queueOptions, socketOptions, ...options } };
}

/** NestJS leaves its replies' confirms to themselves; to close before them would reject them, unheard. */
class PatientServer extends ServerRMQ {
  #channel: ConfirmChannel | undefined;

  override async setupChannel(channel: ConfirmChannel, callback: () => void): Promise<void> {
    this.#channel = channel;
    await super.setupChannel(channel, callback);
  }

  override async close(): Promise<void> {
    await this.#channel?.waitForConfirms();
    await super.close();
  }
}

async function startService(controller: Type, url: string, options: Options): Promise<INestMicroservice> {
  const strategy = new PatientServer(optionsFor(url, options).options);
  const service = await NestFactory.createMicroservice(moduleOf(controller), { strategy });
  onTestFinished(() => service.close());
  await within('the microservice', service.listen());
  return service;
}

async function connectClient(url: string, options: Options): Promise<ClientProxy> {
  const client = ClientProxyFactory.create(optionsFor(url, options));
  onTestFinished(() => client.close());
  await within('the client', client.connect());
  return client;
}

/** A service and a client on a queue of their own. */
async function startOrders(options: Options = {}, url = gateway.amqpUrl): Promise<ClientProxy> {
  const queue = uniqueName('nest');
  await startService(OrderController, url, { queue, ...options });
  return connectClient(url, { queue });
}

const tell = (event: Observable<unknown>): Promise<unknown> =>
  within('the confirm of the event', lastValueFrom(event, { defaultValue: undefined }));

const ask = <T>(answer: Observable<T>): Promise<T> => within('the answer', firstValueFrom(answer));

describe('a NestJS microservice', () => {
  test('answers requests, many at a time', async () => {
    const client = await startOrders();
    expect(await ask(client.send<number>('orders.sum', [1, 2, 3]))).toBe(6);
    const sums = Array.from({ length: 50 }, (_, index) => ask(client.send<number>('orders.sum', [index, 1])));
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('answers with a stream of values, and with an error', async () => {
    const client = await startOrders();
    const countdown = client.send<number>({ command: 'countdown' }, 3).pipe(toArray());
    expect(await within('the stream', lastValueFrom(countdown))).toEqual([3, 2, 1]);
    await expect(ask(client.send('orders.fail', {}))).rejects.toEqual({ message: 'out of stock', status: 'error' });
    await expect(ask(client.send('orders.unknown', {}))).rejects.toContain('no matching message handler');
  });

  test('takes events', async () => {
    const client = await startOrders();
    await tell(client.emit('orders.created', { name: unicodeText }));
    expect(await events.take('the event')).toEqual({ order: { name: unicodeText }, pattern: 'orders.created' });
  });

  test('acknowledges by hand, with a prefetch, headers and a priority', async () => {
    const client = await startOrders({ noAck: false, prefetchCount: 1 });
    const record = new RmqRecordBuilder({}).setOptions({ headers: { 'x-version': '1.0.0' }, priority: 3 }).build();
    await tell(client.emit('orders.acknowledge', record));
    expect(await events.take('the requeued event')).toEqual({
      redelivered: true, headers: { 'x-version': '1.0.0' }, priority: 3,
    });
  });

  test('listens to a topic exchange with wildcards', async () => {
    const exchange = uniqueName('nest-topic');
    const options: Options = { exchange, exchangeType: 'topic', wildcards: true };
    await startService(WildcardController, gateway.amqpUrl, { queue: uniqueName('nest'), ...options });
    const client = await connectClient(gateway.amqpUrl, options);
    await tell(client.emit('orders.17.shipped', { id: 17 }));
    expect(await events.take('the event')).toEqual({ data: { id: 17 }, pattern: 'orders.17.shipped' });
    const { connection } = client.unwrap<{ connection: ChannelModel }>();
    const channel = await connection.createChannel();
    await channel.deleteExchange(exchange);
    await channel.close();
  });

  test.runIf(ownGateway)('serves again after the gateway closed with 320', async () => {
    const first = await startGateway();
    const queue = uniqueName('nest');
    const service = await startService(OrderController, first.amqpUrl, { queue });
    const client = await connectClient(first.amqpUrl, { queue });
    expect(await ask(client.send<number>('orders.sum', [1, 1]))).toBe(2);
    const reconnected = within('both to reconnect', Promise.all([reconnect(service), reconnect(client)]));
    await first.stop();
    const second = await startGateway({ amqpPort: first.amqpPort });
    onTestFinished(() => second.stop());
    await reconnected;
    await tell(client.emit('orders.created', 'after'));
    expect(await events.take('the event after the reconnect')).toMatchObject({ order: 'after' });
  });
});

/** Resolves when the service or client says that it is connected once more. */
function reconnect({ status }: { status: Observable<string> }): Promise<string> {
  return new Promise((resolve) => {
    let lost = false;
    const subscription = status.subscribe((state) => {
      if (state === 'disconnected') lost = true;
      else if (lost && state === 'connected') {
        subscription.unsubscribe();
        resolve(state);
      }
    });
  });
}
