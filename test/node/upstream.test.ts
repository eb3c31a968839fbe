/** Clients that are relayed: what passes, what is refused, and what becomes of them with a node. */
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import amqp, { type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../node/client.ts';
import { AmqpError, dissectFrames, summarize } from '../../core/index.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../node/gateway.ts';
import { Log } from '../../node/log.ts';
import { readUpstream, readUpstreamVhost } from '../../node/upstream/addresses.ts';
import { readUpstreamRules } from '../../node/upstream/rules.ts';
import { readUpstreamUsers } from '../../node/upstream/users.ts';
import { freePort } from '../support/free-port.ts';

const free = { hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 } };
/** The node that stands for a cluster. */
let node: Gateway;

beforeAll(async () => {
  node = await startGateway({
    ...free, users: [{ name: 'app', password: 'secret' }, { name: 'guest', password: 'guest' }],
  });
});
afterAll(() => node.stop());

function addressOf({ ports }: Gateway): string {
  return `amqp://127.0.0.1:${ports.amqp}`;
}

async function relayTo(upstream: string, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ ...free, upstream: [readUpstream(upstream)], ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function connected(url: string, options?: object): Promise<ChannelModel> {
  const connection = await amqp.connect(url, options);
  connection.on('error', () => {});
  onTestFinished(() => connection.close().catch(() => {}));
  return connection;
}

describe('frames pass', () => {
  test('a message goes through with its properties, confirmed, and with a large body', async () => {
    const gateway = await relayTo(addressOf(node));
    const connection = await connected(`amqp://guest:guest@127.0.0.1:${gateway.ports.amqp}`);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const body = Buffer.alloc(1_000_000, 'relay');
    const came = new Promise<amqp.ConsumeMessage>((resolve) => {
      void channel.consume(queue, (message) => message !== null && resolve(message), { noAck: true });
    });
    channel.sendToQueue(queue, body, { headers: { a: [1, 'b'] }, messageId: 'm' });
    await channel.waitForConfirms();
    const { content, properties } = await came;
    expect(content.equals(body)).toBe(true);
    expect(properties).toMatchObject({ messageId: 'm', headers: { a: [1, 'b'] } });
    expect([...node.broker.connections].length).toBe(1);
    expect([...gateway.broker.connections].length).toBe(0);
    await connection.close();
    expect([...node.broker.connections].length).toBe(0);
  });
});

/** A gateway whose log can be read. */
async function logged(upstream: string, options: GatewayOptions = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = new Log({ format: 'json', write: (line) => lines.push(JSON.parse(line)) });
  return { gateway: await relayTo(upstream, { log, ...options }), lines };
}

/** The reply code and text with which a connection is refused, as its client reads them. */
async function refusal(url: string): Promise<string> {
  const error: unknown = await firstValueFrom(connect(url)).then(() => 'let in', (thrown: unknown) => thrown);
  if (!(error instanceof AmqpError)) return String(error);
  return `${error.replyCode} ${error.replyText}`;
}

/** A server that does this with whoever connects. */
async function serverThat(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function urlOf({ ports }: Gateway, user = 'guest', password = user): string {
  return `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`;
}

/** The error that ends a channel. */
function ending(
  channel: { once(name: string, run: (error: Error) => void): unknown }, name = 'error',
): Promise<Error> {
  return new Promise((resolve) => {
    channel.once(name, resolve);
  });
}

describe('where it does not pass', () => {
  test('a wrong password is refused with 403 by the upstream, in its words', async () => {
    const gateway = await relayTo(addressOf(node));
    expect(await refusal(urlOf(gateway, 'guest', 'wrong'))).toMatch(/403 .*ACCESS.REFUSED.*Login was refused/);
  });

  test('a virtual host that is not there is refused with 530', async () => {
    const gateway = await relayTo(addressOf(node));
    expect(await refusal(`${urlOf(gateway)}/nowhere`)).toMatch(/530 .*vhost nowhere not found/);
  });

  test('no node that can be reached is 320 and a sentence, and no node speaks AMQP the same', async () => {
    const deaf = await serverThat((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { gateway, lines } = await logged(`amqp://127.0.0.1:${await freePort()},127.0.0.1:${deaf}`);
    expect(await refusal(urlOf(gateway)))
      .toMatch(/320 .*no node of the upstream can be reached, try again later/);
    const reasons = lines.filter(({ msg }) => msg === 'an upstream node is away').map(({ reason }) => reason);
    expect(reasons).toEqual([
      expect.stringMatching(/nothing listens there/), 'it does not speak AMQP 0-9-1',
    ]);
  });

  test('an upstream that wants no TLS is 320, and the log says why', async () => {
    const { gateway, lines } = await logged(`amqps://127.0.0.1:${node.ports.amqp}`);
    expect(await refusal(urlOf(gateway))).toMatch(/320 /);
    expect(lines).toContainEqual(expect.objectContaining({
      msg: 'an upstream node is away', reason: expect.stringMatching(/TLS/),
    }));
  });

  test.each([
    ['amqp://', /must be like amqp/], ['http://host', /must be like amqp/],
    ['amqp://host/vhost', /without a virtual host/], ['amqp://app@host', /without a password/],
    ['amqp://host:x', /port is an integer/],
  ])('%s is no upstream', (uri, sentence) => {
    expect(() => readUpstream(uri)).toThrow(sentence);
  });
});

test('the wire can be looked at, of a connection that was there before too', async () => {
  const gateway = await relayTo(addressOf(node));
  const connection = await connected(urlOf(gateway));
  const seen: string[] = [];
  const watching = gateway.broker.frames$.subscribe(({ connection: id, direction, bytes }) => {
    for (const frame of dissectFrames(bytes)) seen.push(`${id} ${direction} ${summarize(frame)}`);
  });
  await connection.createChannel();
  watching.unsubscribe();
  expect(seen).toEqual([
    expect.stringMatching(/^relayed-1 in .*channel\.open/), expect.stringMatching(/^relayed-1 out .*channel\.open-ok/),
  ]);
});

describe('nodes', () => {
  test('a node that is away is passed over, and connections spread over those that are there', async () => {
    const other = await startGateway({ ...free });
    onTestFinished(() => other.stop());
    const gateway = await relayTo(
      `amqp://127.0.0.1:${await freePort()},127.0.0.1:${node.ports.amqp},127.0.0.1:${other.ports.amqp}`);
    for (let i = 0; i < 4; i++) await connected(urlOf(gateway));
    expect([node.broker.connectionCount, other.broker.connectionCount]).toEqual([2, 2]);
  });

  test('a node that stops gives its clients its 320, and the next connection goes to another', async () => {
    const first = await startGateway({ ...free });
    const gateway = await relayTo(`amqp://127.0.0.1:${first.ports.amqp},127.0.0.1:${node.ports.amqp}`);
    const connection = await connected(urlOf(gateway));
    const ended = ending(connection, 'close');
    await first.stop();
    expect((await ended).message).toMatch(/320/);
    await (await connected(urlOf(gateway))).createChannel();
    expect(node.broker.connectionCount).toBe(1);
  });

  test('a node that breaks off gives its clients 320 with a sentence', async () => {
    const sockets: Socket[] = [];
    const port = await serverThat((socket) => {
      const through = connectTcp(node.ports.amqp, '127.0.0.1');
      through.on('error', () => {});
      onTestFinished(() => void through.destroy());
      socket.pipe(through).pipe(socket);
      sockets.push(socket);
    });
    const gateway = await relayTo(`amqp://127.0.0.1:${port}`);
    const ended = ending(await connected(urlOf(gateway)), 'close');
    sockets[0]!.resetAndDestroy();
    expect((await ended).message).toMatch(/320.*the upstream node went away, connect again/);
  });
});

describe('logins', () => {
  test('a user of the gateway stands for one of the upstream, whose password no client has', async () => {
    const gateway = await relayTo(addressOf(node), {
      users: [{ name: 'page', password: 'token' }, { name: 'lost', password: 'token' }],
      upstreamUsers: readUpstreamUsers({ page: { user: 'app', password: 'secret' } }),
    });
    await connected(urlOf(gateway, 'page', 'token'));
    expect([...node.broker.connections].map(({ info }) => info.user)).toEqual(['app']);
    expect(await refusal(urlOf(gateway, 'page', 'secret'))).toMatch(/403 /);
    expect(await refusal(urlOf(gateway, 'app', 'secret'))).toMatch(/403 /);
    expect(await refusal(urlOf(gateway, 'lost', 'token'))).toMatch(/403 .*stands for none of the upstream/);
  });

  test('a wrong password of the upstream user is told without it', async () => {
    const gateway = await relayTo('amqp://app:stale@127.0.0.1:' + node.ports.amqp);
    expect(await refusal(urlOf(gateway))).toMatch(/403 .*the upstream refuses the user that 'guest' stands for/);
  });

  test('a virtual host may have nodes of its own', async () => {
    const gateway = await startGateway({
      ...free, upstreamVhosts: [readUpstreamVhost(`/=amqp://127.0.0.1:${node.ports.amqp}`)],
    });
    onTestFinished(() => gateway.stop());
    await connected(urlOf(gateway));
    expect(node.broker.connectionCount).toBe(1);
    expect(await refusal(`${urlOf(gateway)}/other`)).toMatch(/530 /);
  });
});

describe('the firewall', () => {
  const rule = { configure: '^mine', write: '^(mine|amq\\.default$)', read: '^mine' };
  const ruled = (more: object = {}): Promise<Gateway> => relayTo(addressOf(node), {
    upstreamRules: readUpstreamRules([{ ...rule, ...more }]),
  });

  test('what it refuses is 403 on its channel, which can be opened again, and never arrives', async () => {
    const gateway = await ruled();
    const connection = await connected(urlOf(gateway));
    const spared = await connection.createChannel();
    for (const attempt of [
      (channel: amqp.Channel) => channel.assertQueue('theirs'),
      (channel: amqp.Channel) => channel.assertExchange('theirs', 'topic'),
      (channel: amqp.Channel) => channel.consume('theirs', () => {}),
      (channel: amqp.Channel) => channel.bindQueue('mine', 'amq.topic', '#'),
    ]) {
      const channel = await connection.createChannel();
      const ended = ending(channel);
      await expect(attempt(channel)).rejects.toThrow(/403|closed/i);
      expect((await ended).message).toMatch(/403.*refused for user 'guest' by the rules of the gateway/);
    }
    await spared.assertQueue('mine', { autoDelete: true });
    expect([...node.broker.vhost().queues.keys()]).not.toContain('theirs');
  });

  test('a publish that is refused never arrives, and those behind it on its channel do not', async () => {
    const gateway = await ruled({ messageBytesMax: 10 });
    const connection = await connected(urlOf(gateway));
    const spared = await connection.createChannel();
    await spared.assertQueue('mine-too', { exclusive: true });
    const channel = await connection.createChannel();
    const ended = ending(channel);
    channel.sendToQueue('mine-too', Buffer.from('first'));
    channel.sendToQueue('mine-too', Buffer.from('far too large'));
    channel.sendToQueue('mine-too', Buffer.from('late'));
    expect((await ended).message).toMatch(/403.*13 bytes is larger than the 10 bytes/);
    expect((await spared.checkQueue('mine-too')).messageCount).toBe(1);
    const again = await connection.createChannel();
    const refused = ending(again);
    again.publish('amq.fanout', '', Buffer.from(''));
    expect((await refused).message).toMatch(/403.*exchange 'amq.fanout'/);
  });

  test('more messages in a second than a rule lets through are refused', async () => {
    const gateway = await ruled({ messagesPerSecond: 3 });
    const channel = await (await connected(urlOf(gateway))).createChannel();
    const ended = ending(channel);
    for (let i = 0; i < 8; i++) channel.sendToQueue('nowhere', Buffer.from(''));
    expect((await ended).message).toMatch(/403.*may publish 3 messages a second/);
  });

  test('routing keys are looked at, in headers too', async () => {
    const gateway = await ruled({ routingKey: '^mine', write: '^amq\\.topic$' });
    const connection = await connected(urlOf(gateway));
    for (const [key, copy] of [['theirs', ''], ['mine', 'theirs']] as const) {
      const channel = await connection.createChannel();
      const ended = ending(channel);
      channel.publish('amq.topic', key, Buffer.from(''), copy === '' ? {} : { CC: [copy] });
      expect((await ended).message).toMatch(/403.*routing key 'theirs'/);
    }
  });

  test('whom no rule is about does not come in', async () => {
    const gateway = await relayTo(addressOf(node), {
      upstreamRules: readUpstreamRules([
        { ...rule, user: '^app$' }, { ...rule, origin: 'https://app.example.com' },
      ]),
    });
    await connected(urlOf(gateway, 'app', 'secret'));
    expect(await refusal(urlOf(gateway))).toMatch(/403 .*no rule of the gateway lets user 'guest'/);
  });

  test.each([
    [[{ ...rule, configure: '(' }], /at '0.configure': it is no regular expression/],
    [[{ ...rule, origin: 'app.example.com' }], /at '0.origin'/],
    [[{ write: '', read: '' }], /at '0.configure'/],
    [[{ ...rule, messageBytesMax: 0 }], /at '0.messageBytesMax'/],
    ['/no/such/file', /there is no such file/],
  ])('wrong rules: %#', (given, sentence) => {
    expect(() => readUpstreamRules(given)).toThrow(sentence);
  });
});
