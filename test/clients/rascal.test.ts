import type { EventEmitter } from 'node:events';
import type { Message } from 'amqplib';
import rascal, { type AckOrNack, type BrokerAsPromised } from 'rascal';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownGateway, startGateway, useGateway } from './gateway.ts';
import { bigBody, unicodeText } from './samples.ts';
import { Inbox, nextEvent, within } from './waiting.ts';

interface Received {
  readonly message: Message;
  readonly content: unknown;
  readonly ackOrNack: AckOrNack;
}

const gateway = useGateway();

/** A virtual host as rascal configures it: work that is retried after a delay, then given up. */
function configuration(url: string): object {
  const deadLetters = (routingKey: string) => ({
    'x-dead-letter-exchange': 'dead', 'x-dead-letter-routing-key': routingKey,
  });
  return rascal.withTestConfig({
    vhosts: {
      '/': {
        connection: { url, retry: { min: 20, max: 100, factor: 1, strategy: 'exponential' } },
        exchanges: {
          jobs: { type: 'topic' },
          copies: { type: 'fanout' },
          dead: { type: 'direct' },
        },
        queues: {
          work: { options: { arguments: deadLetters('given-up') } },
          copy: {},
          delayed: { options: { arguments: { 'x-message-ttl': 20, ...deadLetters('again') } } },
          'given-up': {},
        },
        bindings: {
          'jobs[job.#] -> work': {},
          'jobs[job.*] -> copies': { destinationType: 'exchange' },
          'copies -> copy': {},
          'dead[again] -> work': {},
          'dead[given-up] -> given-up': {},
        },
        publications: {
          job: { exchange: 'jobs', routingKey: 'job.one', confirm: true },
          'to-nobody': { exchange: 'jobs', routingKey: 'nobody', options: { mandatory: true } },
          straight: { queue: 'copy', confirm: false },
          retry: { exchange: '', confirm: true },
          encrypted: { queue: 'copy', encryption: 'secret' },
        },
        subscriptions: {
          work: { queue: 'work', prefetch: 2 },
          copy: { queue: 'copy' },
          'given-up': { queue: 'given-up' },
        },
      },
    },
    encryption: { secret: { key: 'a'.repeat(64), algorithm: 'aes-256-cbc', ivLength: 16 } },
  });
}

async function open(url = gateway.amqpUrl): Promise<BrokerAsPromised> {
  const broker = await within('the broker', rascal.BrokerAsPromised.create(configuration(url)));
  broker.on('error', () => {});
  return broker;
}

/** The names are rascal's own namespace; nuke deletes them all. */
async function openTemporary(): Promise<BrokerAsPromised> {
  const broker = await open();
  onTestFinished(() => broker.nuke());
  return broker;
}

async function subscribe(broker: BrokerAsPromised, name: string): Promise<Inbox<Received>> {
  const subscription = await broker.subscribe(name);
  const inbox = new Inbox<Received>();
  subscription.on('error', () => {});
  subscription.on('message', (message, content, ackOrNack) => inbox.put({ message, content, ackOrNack }));
  return inbox;
}

const success = (publication: EventEmitter): Promise<string> => nextEvent(publication, 'success');

describe('rascal', () => {
  test('publishes text, JSON and bytes, confirmed, through bound exchanges', async () => {
    const broker = await openTemporary();
    const [work, copy] = [await subscribe(broker, 'work'), await subscribe(broker, 'copy')];
    for (const content of [unicodeText, { json: unicodeText }, bigBody]) {
      expect(await success(await broker.publish('job', content))).toMatch(/^[0-9a-f-]{36}$/);
      for (const inbox of [work, copy]) {
        const received = await inbox.take();
        expect(received.message.fields.routingKey).toBe('job.one');
        if (content === bigBody) expect(bigBody.equals(received.content as Buffer)).toBe(true);
        else expect(received.content).toEqual(content);
        received.ackOrNack();
      }
    }
  });

  test('publishes straight to a queue, encrypted too', async () => {
    const broker = await openTemporary();
    const copy = await subscribe(broker, 'copy');
    for (const publication of ['straight', 'encrypted']) {
      await success(await broker.publish(publication, { secret: 1 }));
      const { content, ackOrNack } = await copy.take();
      expect(content).toEqual({ secret: 1 });
      ackOrNack();
    }
  });

  test('hears that a mandatory message was returned', async () => {
    const broker = await openTemporary();
    const publication = await broker.publish('to-nobody', 'lost');
    const returned = await nextEvent<Message>(publication, 'return');
    expect(returned.fields).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', routingKey: 'nobody' });
  });

  test('retries by republishing, then gives up by dead-lettering', async () => {
    const broker = await openTemporary();
    const [work, givenUp] = [await subscribe(broker, 'work'), await subscribe(broker, 'given-up')];
    await success(await broker.publish('job', 'poison'));
    const first = await work.take();
    first.ackOrNack(new Error('try again'), [{ strategy: 'republish', attempts: 1 }, { strategy: 'nack' }]);
    const second = await work.take('the republished message');
    expect(second.message.properties.headers?.['rascal']).toMatchObject({ recovery: expect.any(Object) });
    second.ackOrNack(new Error('enough'), [{ strategy: 'republish', attempts: 1 }, { strategy: 'nack' }]);
    const last = await givenUp.take('the dead letter');
    expect(last.message.properties.headers?.['x-death']).toMatchObject([{ reason: 'rejected', count: 1 }]);
    last.ackOrNack();
  });

  test('retries after a delay by forwarding to a queue with a TTL', async () => {
    const broker = await openTemporary();
    const work = await subscribe(broker, 'work');
    await success(await broker.publish('job', 'later'));
    const first = await work.take();
    const { queue } = delayedQueueOf(broker);
    first.ackOrNack(new Error('later'), { strategy: 'forward', publication: 'retry', options: { routingKey: queue } });
    const again = await work.take('the message after its delay');
    expect(again.content).toBe('later');
    expect(again.message.properties.headers?.['x-death']).toMatchObject([{ reason: 'expired', queue }]);
    again.ackOrNack();
  });

  test('requeues with nack', async () => {
    const broker = await openTemporary();
    const work = await subscribe(broker, 'work');
    await success(await broker.publish('job', 'once more'));
    (await work.take()).ackOrNack(new Error('busy'), { strategy: 'nack', requeue: true });
    const again = await work.take('the requeued message');
    expect(again.message.fields.redelivered).toBe(true);
    again.ackOrNack();
  });

  test('cancels a subscription and purges', async () => {
    const broker = await openTemporary();
    const subscription = await broker.subscribe('copy');
    await subscription.cancel();
    await success(await broker.publish('job', 'purged'));
    await broker.purge();
    const copy = await subscribe(broker, 'copy');
    await success(await broker.publish('job', 'kept'));
    const { content, ackOrNack } = await copy.take();
    expect(content).toBe('kept');
    ackOrNack();
  });

  test('refuses to start with a wrong password', async () => {
    const url = gateway.amqpUrl.replace('guest:guest', 'guest:wrong');
    await expect(open(url)).rejects.toThrow('403 (ACCESS-REFUSED)');
  });

  test.runIf(ownGateway)('reconnects and goes on after the gateway closed with 320', async () => {
    const first = await startGateway();
    const broker = await open(first.amqpUrl);
    onTestFinished(() => broker.shutdown());
    const disconnected = nextEvent(broker, 'disconnect');
    const connected = within('the reconnect', new Promise((resolve) => broker.once('connect', resolve)));
    await first.stop();
    await disconnected;
    const second = await startGateway({ amqpPort: first.amqpPort });
    onTestFinished(() => second.stop());
    await connected;
    // The namespace is rebuilt by rascal when it reconnects, for this gateway came back empty.
    const copy = await subscribe(broker, 'copy');
    await success(await broker.publish('job', 'after'));
    const { content, ackOrNack } = await copy.take('a message after the reconnect');
    expect(content).toBe('after');
    ackOrNack();
  });
});

/** The name that rascal gave the delayed queue in its namespace. */
function delayedQueueOf(broker: BrokerAsPromised): { queue: string } {
  const { config } = broker as unknown as {
    config: { vhosts: Record<string, { queues: Record<string, { fullyQualifiedName: string }> }> };
  };
  return { queue: config.vhosts['/']!.queues['delayed']!.fullyQualifiedName };
}
