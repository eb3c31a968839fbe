/** A client that asks for more work than its share, and another one beside it, over sockets. */
import { once } from 'node:events';
import amqplib from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';

test('whoever floods a fanout is read by shares, and a bystander is answered within a few rounds', async () => {
  const gateway = await startGateway({ ports: { amqp: 0, http: 0 } });
  onTestFinished(() => gateway.stop());
  const { broker, ports } = gateway;
  const open = () => amqplib.connect(`amqp://127.0.0.1:${ports.amqp}`);
  const [flooder, bystander] = [await open(), await open()];
  const channel = await flooder.createChannel();
  for (let i = 0; i < 20; i++) {
    await channel.assertQueue(`q${i}`, { durable: false, maxLength: 10 });
    await channel.bindQueue(`q${i}`, 'amq.fanout', '');
  }
  const other = await bystander.createChannel();
  let shares = 0;
  broker.parties.served = () => shares++;
  const flowing = new Promise<void>((resolve) => broker.events$.subscribe((event) => {
    if (event.type === 'connection.flow' && event.active) resolve();
  }));
  // Some 400,000 copies: more than the bystander could wait for.
  for (let i = 0; i < 20_000; i++) channel.publish('amq.fanout', '', Buffer.alloc(0));
  await within('the flow of a flooder', flowing);
  const waited: number[] = [];
  for (let i = 0; i < 10; i++) {
    const before = shares;
    await other.checkQueue('q0');
    waited.push(shares - before);
  }
  // A request and its answer are a few events of the loop, in each of which a round is done.
  expect(Math.max(...waited)).toBeLessThan(200);
  const published = (): number => broker.vhost().counters.published;
  expect(published()).toBeLessThan(20_000);
  const closed = once(flooder, 'close');
  await flooder.close();
  await closed;
  expect(published()).toBe(20_000);
});
