/** Vitest with amqplib: minutes of waiting pass at once. */
import { startTestBroker } from 'tabmq/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startInvoicing } from './invoicing.js';

let broker;
let invoicing;
let attempts;

/** A printer that works again at some time of the broker's clock. */
async function startWithPrinter({ worksAt }) {
  attempts = [];
  invoicing = await startInvoicing(broker.url, async () => {
    attempts.push(broker.clock.now() / 60_000);
    if (broker.clock.now() < worksAt) throw new Error('the printer is on fire');
  });
}

beforeEach(async () => {
  // The queues are durable and meant to stay, which is no leak.
  broker = await startTestBroker({ clock: 'virtual', leaks: 'ignore' });
});

afterEach(async () => {
  await invoicing.stop();
  await broker.stop();
});

test('an invoice that cannot be printed is tried again until it can', async () => {
  await startWithPrinter({ worksAt: 5 * 60_000 });
  invoicing.submit({ number: 7 });
  await broker.advance('1h');
  expect(attempts).toEqual([0, 1, 6]);
  await broker.assertNoUnacked();
  expect(broker.queue('invoices.failed').messageCount).toBe(0);
});

test('it is buried after the fourth time', async () => {
  await startWithPrinter({ worksAt: Infinity });
  invoicing.submit({ number: 7 });
  await broker.expectRouted({ to: 'invoices', body: { number: 7 } });
  await broker.advance('1h');
  expect(attempts).toEqual([0, 1, 6, 36]);
  await broker.expectDeadLettered({ from: 'invoices.retry-30m', reason: 'expired' });
  const [buried] = broker.queue('invoices.failed').peek();
  expect(buried.json()).toEqual({ number: 7 });
  expect(buried.headers['x-attempt']).toBe(4);
});
