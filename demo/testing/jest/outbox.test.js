/** Jest with amqp-connection-manager: what happens when the broker misbehaves. */
const { startTestBroker } = require('tabmq/testing');
const { openOutbox } = require('./outbox.js');

let broker;
let outbox;

beforeEach(async () => {
  // The queue is durable and meant to stay, which is no leak.
  broker = await startTestBroker({ leaks: 'ignore' });
  outbox = await openOutbox(broker.url);
});

afterEach(async () => {
  await outbox.close();
  await broker.stop();
});

const numbersIn = (queue) => new Set(broker.queue(queue).peek().map((mail) => mail.json().number));

test('no mail is lost when the connection breaks in the middle of them', async () => {
  // A mail is three frames, so it breaks before the last one is whole. Where, is up to the seed
  // of the broker.
  broker.faults.drop({ connection: 'outbox', afterFrames: [1, 29] });
  const numbers = Array.from({ length: 10 }, (_, number) => number);
  await Promise.all(numbers.map((number) => outbox.send({ number })));
  expect(numbersIn('mail')).toEqual(new Set(numbers));
});

test('a mail counts as sent when it is confirmed, and not before', async () => {
  const confirms = broker.faults.withholdConfirms();
  const sent = jest.fn();
  const sending = outbox.send({ number: 1 }).then(sent);
  await broker.queue('mail').untilMessages(1);
  await broker.settled();
  expect(sent).not.toHaveBeenCalled();
  confirms.end();
  await sending;
});

test('mail survives a restart of the broker', async () => {
  await outbox.send({ number: 1 });
  broker.faults.restart();
  await outbox.send({ number: 2 });
  expect(numbersIn('mail')).toEqual(new Set([1, 2]));
});
