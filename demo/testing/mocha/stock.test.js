/** Mocha with a NestJS microservice in TypeScript: run with `mocha --import=tsx`. */
import assert from 'node:assert/strict';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { after, before, describe, it } from 'mocha';
import { firstValueFrom } from 'rxjs';
import { startTestBroker } from 'tabmq/testing';
import { startStock } from './stock.ts';

describe('the stock', () => {
  let broker;
  let stock;
  let client;

  before(async () => {
    broker = await startTestBroker({
      topology: (vhost) => vhost.declareQueue({ queue: 'stock', durable: true }),
      // What was there from the start is no leak: anything else that is left fails the test.
      leaks: 'fail',
    });
    stock = await startStock(broker.url);
    client = ClientProxyFactory.create({
      transport: Transport.RMQ,
      options: { urls: [broker.url], queue: 'stock', queueOptions: { durable: true } },
    });
  });

  after(async () => {
    await client.close();
    await stock.close();
    await broker.stop();
  });

  it('counts what was delivered', async () => {
    const delivery = (count) => ({ article: 'carrot', count });
    for (const count of [3, 4]) await firstValueFrom(client.emit('delivered', delivery(count)));
    assert.equal(await firstValueFrom(client.send('count', 'carrot')), 7);
    await broker.expectRouted({ to: 'stock', body: { pattern: 'delivered', data: delivery(4) } });
    await broker.assertNoUnacked();
  });

  it('knows nothing of what never came', async () => {
    assert.equal(await firstValueFrom(client.send('count', 'truffle')), 0);
  });
});
