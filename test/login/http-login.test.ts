/** An HTTP server that is asked who may log in and do what. */
import { describe, expect, test } from 'vitest';
import { Broker, VirtualClock, type Identity, type LoginRefusal } from '../../core/index.ts';
import { limits } from '../../core/limits.ts';
import { httpLogin, loginChain } from '../../core/login/index.ts';
import { connect } from '../support/test-client.ts';
import { answered, opened, until } from './waiting.ts';

type Parameters = Readonly<Record<string, string>>;
type Answer = (question: string, parameters: Parameters) => string | Promise<string>;

const CACHE_MS = 15_000;

function world(answer: Answer = () => 'allow') {
  const clock = new VirtualClock();
  const asked: (readonly [string, Parameters])[] = [];
  const failures: unknown[] = [];
  const server = httpLogin({
    clock, cacheMs: CACHE_MS,
    ask: async (question, parameters) => {
      asked.push([question, parameters]);
      return answer(question, parameters);
    },
    onFailure: (error) => failures.push(error),
  });
  const broker = new Broker({ clock, authenticator: (own) => loginChain([own, server]) });
  return { broker, clock, asked, failures, server };
}

const ann = { user: 'ann', password: 'secret' };
const down = (): Promise<string> => Promise.reject(new Error('refused'));

describe('the four questions', () => {
  test('are put as RabbitMQ puts them, each once for as long as its answer holds', async () => {
    const { broker, clock, asked } = world((question) => (
      question === 'user' ? 'allow management policymaker' : 'Allow'));
    const client = await opened(connect(broker, clock, ann));
    expect([...broker.connections][0]!.identity.tags).toEqual(['management', 'policymaker']);
    const channel = client.channel();
    channel.send('queue.declare', { queue: 'q' });
    await answered(channel, 2);
    channel.send('queue.bind', { queue: 'q', exchange: 'amq.topic', routingKey: 'a.b' });
    await answered(channel, 3);
    const messages = (): number => broker.vhost().queue('q').readyCount;
    for (let message = 0; message < 3; message++) channel.publish('amq.topic', 'a.b', `message ${message}`);
    await until(client, () => messages() === 3);
    const known = { username: 'ann', tags: 'management policymaker' };
    const queue = { ...known, vhost: '/', resource: 'queue', name: 'q' };
    const exchange = { ...known, vhost: '/', resource: 'exchange', name: 'amq.topic' };
    const topic = { ...exchange, resource: 'topic', routing_key: 'a.b' };
    expect(asked).toEqual([
      ['user', { username: 'ann', password: 'secret' }],
      ['vhost', { ...known, vhost: '/', ip: '' }],
      ['resource', { ...queue, permission: 'configure' }],
      ['resource', { ...queue, permission: 'write' }],
      ['resource', { ...exchange, permission: 'read' }],
      ['topic', { ...topic, permission: 'read' }],
      ['resource', { ...exchange, permission: 'write' }],
      ['topic', { ...topic, permission: 'write' }],
    ]);
    clock.advanceBy(CACHE_MS);
    channel.publish('amq.topic', 'a.b', 'message 3');
    await until(client, () => messages() === 4);
    expect(asked.length).toBe(10);
  });

  test('have messages wait in their order, whole, and no other connection', async () => {
    let release: (() => void) | undefined;
    const { broker, clock } = world((question, { permission }) => {
      if (question !== 'resource' || permission !== 'write') return 'allow';
      return new Promise((resolve) => void (release = () => resolve('allow')));
    });
    const client = await opened(connect(broker, clock, ann));
    const guest = connect(broker, clock).channel();
    guest.call('queue.declare', { queue: 'q' });
    const channel = client.channel();
    channel.call('confirm.select');
    for (const text of ['one', 'two', 'x'.repeat(200_000)]) channel.publish('', 'q', text);
    channel.send('basic.qos', { prefetchCount: 1 });
    await until(client, () => release !== undefined);
    expect(broker.vhost().queue('q').readyCount).toBe(0);
    guest.publish('', 'q', 'zero');
    expect(broker.vhost().queue('q').readyCount).toBe(1);
    release!();
    await until(client, () => channel.received.at(-1)?.name === 'basic.qos-ok');
    expect(broker.vhost().queue('q').readyCount).toBe(4);
    expect(channel.received.findLast(({ name }) => name === 'basic.ack')?.args).toMatchObject({ deliveryTag: 3 });
    guest.call('basic.consume', { queue: 'q', noAck: true });
    expect(guest.received.map(({ text }) => text?.slice(0, 5)).slice(-4)).toEqual(['zero', 'one', 'two', 'xxxxx']);
  });

  test('are asked for one name of a queue that the broker names', async () => {
    const { broker, clock, asked } = world();
    const client = await opened(connect(broker, clock, ann));
    const channel = client.channel();
    channel.send('queue.declare', { exclusive: true, arguments: { 'x-dead-letter-exchange': 'amq.fanout' } });
    await answered(channel, 2);
    expect(channel.received.at(-1)?.name).toBe('queue.declare-ok');
    const names = asked.map(([, { resource, name }]) => (resource === 'queue' ? name : undefined)).filter(Boolean);
    expect([names.length, new Set(names).size]).toEqual([2, 1]);
  });

  test('are over for a channel or connection that is gone meanwhile', async () => {
    const releases: (() => void)[] = [];
    const { broker, clock } = world((question) => {
      if (question !== 'resource') return 'allow';
      return new Promise((resolve) => void releases.push(() => resolve('allow')));
    });
    const client = await opened(connect(broker, clock, ann));
    client.channel().send('queue.declare', { queue: 'q' });
    await until(client, () => releases.length > 0);
    client.drop();
    for (const release of releases) release();
    const after = await opened(connect(broker, clock, ann));
    expect(broker.vhost().queues.has('q')).toBe(false);
    expect(broker.connectionCount).toBe(1);
    after.drop();
  });
});

describe('what is denied', () => {
  test('is refused with the texts of RabbitMQ', async () => {
    const { broker, clock } = world((question, { vhost, permission }) => {
      if (question === 'user') return 'allow';
      if (question === 'vhost') return vhost === '/' ? 'allow' : 'deny';
      return permission === 'read' ? 'allow' : 'deny because';
    });
    broker.ensureVhost('v');
    const client = await opened(connect(broker, clock, ann));
    const channel = client.channel();
    channel.send('queue.declare', { queue: 'q' });
    await answered(channel, Infinity);
    expect(channel.closed?.replyText).toBe("ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'ann'");
    const publisher = client.channel();
    publisher.publish('amq.direct', 'k', 'x');
    await answered(publisher, Infinity);
    expect([publisher.closed?.replyCode, publisher.closed?.methodId]).toEqual([403, 40]);
    const other = await opened(connect(broker, clock, { ...ann, vhost: 'v' }));
    expect(other.closed?.replyText).toBe("NOT_ALLOWED - access to vhost 'v' refused for user 'ann'");
  });

  test.each(['deny', 'deny he is no one', 'yes', '', 'allowed'])('is a login that is answered %j', async (text) => {
    const { broker, clock } = world(() => text);
    expect((await opened(connect(broker, clock, ann))).closed?.replyCode).toBe(403);
  });
});

describe('a server that is down', () => {
  test('lets nobody in, and says so; who is known otherwise is not asked about', async () => {
    const { broker, clock, failures } = world(down);
    const client = await opened(connect(broker, clock, ann));
    expect(client.closed?.replyText).toMatch(/ACCESS_REFUSED - .*the authorization server does not answer/);
    expect(failures.length).toBe(1);
    expect(connect(broker, clock).end).toBeUndefined();
  });

  test('refuses what is asked, with a sentence, and is asked again', async () => {
    let isDown = true;
    const { broker, clock } = world((question) => (question === 'resource' && isDown ? down() : 'allow'));
    const client = await opened(connect(broker, clock, ann));
    const channel = client.channel();
    channel.send('queue.declare', { queue: 'q' });
    await answered(channel, Infinity);
    expect(channel.closed?.replyText).toBe(
      "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'ann', " +
        'the authorization server does not answer',
    );
    isDown = false;
    client.channel().send('queue.declare', { queue: 'q' });
    await until(client, () => broker.vhost().queues.has('q'));
  });

  test('or slow has so many questions at most', async () => {
    const { server, asked, failures } = world(() => new Promise(() => {}));
    const peer = { transport: 'tcp', address: '', port: 1, loopback: true, secure: false } as const;
    const answers: (Identity | LoginRefusal | undefined)[] = [];
    for (let login = 0; login <= limits.questionsMax; login++) {
      server.authenticate({ mechanism: 'PLAIN', ...ann }, peer).subscribe((answer) => answers.push(answer));
    }
    while (answers.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    expect([asked.length, failures.length]).toEqual([limits.questionsMax, 0]);
    expect(answers).toEqual([{ refused: expect.stringContaining('does not answer') }]);
  });
});

test('answers that are kept are bounded', async () => {
  const { broker, clock, asked } = world();
  const client = await opened(connect(broker, clock, ann));
  const { identity } = [...broker.connections][0]!;
  const ask = async (name: string): Promise<void> => {
    try {
      identity.may!('read', 'queue', name, '/');
    } catch (error) {
      await new Promise<void>((resolve) => (error as { whenKnown(run: () => void): void }).whenKnown(resolve));
    }
  };
  for (let queue = 0; queue < limits.askedAnswersMax; queue++) await ask(`q${queue}`);
  const before = asked.length;
  await ask(`q${limits.askedAnswersMax - 1}`);
  expect(asked.length).toBe(before);
  await ask('q0');
  expect(asked.length).toBe(before + 1);
  client.drop();
});
