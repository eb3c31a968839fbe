/** Node's own test runner with rascal, on the definitions that RabbitMQ exported. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startTestBroker } from 'tabmq/testing';
import { startBilling } from './billing.js';

const topology = JSON.parse(readFileSync(new URL('definitions.json', import.meta.url), 'utf8'));

async function setUp(t, bill) {
  const broker = await startTestBroker({ topology, clock: 'virtual' });
  const billing = await startBilling(broker.url, bill);
  t.after(async () => {
    await billing.stop();
    await broker.stop();
  });
  return { broker, billing };
}

test('an order is billed once', async (t) => {
  const billed = [];
  const { broker, billing } = await setUp(t, (order) => billed.push(order));
  await billing.order({ id: 7 });
  await broker.expectRouted({ exchange: 'orders', to: 'billing', body: { id: 7 } });
  await broker.queue('billing').untilEmpty();
  assert.deepEqual(billed, [{ id: 7 }]);
});

test('an order that cannot be billed is set aside', async (t) => {
  const { broker, billing } = await setUp(t, () => {
    throw new Error('no such customer');
  });
  await billing.order({ id: 8 });
  const dead = await broker.expectDeadLettered({ from: 'billing', reason: 'rejected' });
  assert.deepEqual(dead.json(), { id: 8 });
  assert.deepEqual(dead.destinations, ['dead-orders']);
});

test('an order that nobody wants is set aside after an hour', async (t) => {
  const { broker, billing } = await setUp(t, () => {});
  await billing.pause();
  await billing.order({ id: 9 });
  await broker.queue('billing').untilMessages(1);
  await broker.advance('59m');
  assert.equal(broker.queue('dead-orders').messageCount, 0);
  await broker.advance('1m');
  assert.equal(broker.queue('dead-orders').messageCount, 1);
});
