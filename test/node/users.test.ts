import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { firstValueFrom } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Broker, type GivenUser, type Identity, type LoginRefusal, type PeerInfo } from '../../core/index.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { readUserFile } from '../../node/users.ts';

const here: PeerInfo = { transport: 'tcp', address: '127.0.0.1', port: 1, loopback: true, secure: false };
const elsewhere: PeerInfo = { ...here, address: '192.0.2.1', loopback: false };

type Answer = Identity | LoginRefusal | undefined;

function logIn(users: readonly GivenUser[], user: string, password: string, peer = here): Promise<Answer> {
  const { authenticator } = new Broker({}, { users });
  return firstValueFrom(authenticator.authenticate({ mechanism: 'PLAIN', user, password }, peer));
}

describe('the users [CON-10, CON-12]', () => {
  test('are guest alone, from this machine alone, unless others are configured', async () => {
    expect(await logIn([], 'guest', 'guest')).toMatchObject({ user: 'guest', tags: ['administrator'] });
    expect(await logIn([], 'guest', 'guest', elsewhere)).toMatchObject({
      refused: expect.stringContaining("User 'guest' can only connect from the machine of the broker") as string,
    });
    expect(await logIn([], 'guest', 'guess')).toBeUndefined();
    expect(await logIn([], 'guest', 'guess', elsewhere)).toBeUndefined();
    expect(await logIn([], 'guest', '')).toBeUndefined();
    expect(await logIn([], '', '')).toBeUndefined();
  });

  test('are those who are configured, from anywhere', async () => {
    const users = [{ name: 'ann', password: 'a:b' }, { name: 'guest', password: 'x' }];
    expect(await logIn(users, 'ann', 'a:b', elsewhere)).toMatchObject({ user: 'ann' });
    expect(await logIn(users, 'ann', 'a', elsewhere)).toBeUndefined();
    expect(await logIn(users, 'Ann', 'a:b')).toBeUndefined();
    expect(await logIn(users, 'guest', 'guest')).toBeUndefined();
    expect(await logIn(users, 'guest', 'x')).toMatchObject({ user: 'guest' });
  });
});

function file(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-users-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('a file of users', () => {
  test('has passwords or hashes, one user a line', () => {
    const path = file('users', '# ours\nann:a:b\n\nbob:{sha256}AQID\neve:{nope}x\n');
    expect(readUserFile(path)).toEqual([
      { name: 'ann', password: 'a:b' },
      { name: 'bob', passwordHash: 'AQID', hashingAlgorithm: 'rabbit_password_hashing_sha256' },
      { name: 'eve', password: '{nope}x' },
    ]);
  });

  test('is refused without a word of what is in it', () => {
    const path = file('users', 'ann:a\nsecret\n');
    expect(() => readUserFile(path)).toThrow(/^Line 2 of the file of users .*name:password/);
    expect(() => readUserFile('/nowhere')).toThrow(/there is no such file/);
  });
});

async function start(options: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const definitions = {
  users: [{ name: 'ann', password_hash: 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR', tags: ['management'] }],
  vhosts: [{ name: '/' }, { name: 'v', limits: { 'max-queues': 1 } }],
  permissions: [{ user: 'ann', vhost: 'v', configure: '^q', write: '.*', read: '.*' }],
  policies: [{ name: 'short', vhost: 'v', pattern: '', 'apply-to': 'all', definition: { 'max-length': 2 } }],
  queues: [{ name: 'q', vhost: 'v', durable: true, auto_delete: false, arguments: {} }],
};

describe('definitions at the start', () => {
  test('bring users, permissions, policies and limits, and no guest beside them', async () => {
    const gateway = await start({ definitions: file('all.json', JSON.stringify(definitions)) });
    const { access } = gateway.broker;
    expect(access.users.list.map(({ name }) => name)).toEqual(['ann']);
    const url = `amqp://ann:test12@127.0.0.1:${gateway.ports.amqp}`;
    await expect(connect(url)).rejects.toThrow('ConnectionClose');
    const connection = await connect(`${url}/v`);
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.assertQueue('q');
    await expect(channel.assertQueue('q2')).rejects.toThrow(/queue limit in vhost 'v' \(1\) is reached/);
    expect(gateway.broker.vhost('v').queue('q').settings.maxLength).toBe(2);
    await connection.close();
  });

  test('are left alone where they did not change and that is wished', async () => {
    const path = file('all.json', JSON.stringify(definitions));
    const data = join(path, '..', 'data');
    const first = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, definitions: path, data });
    first.broker.vhost('v').policies.delete('short');
    await first.stop();
    const skipping = { definitions: path, data, definitionsSkipIfUnchanged: true };
    const second = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, ...skipping });
    expect(second.broker.vhost('v').policies.list).toEqual([]);
    await second.stop();
    const third = await start({ definitions: path, data });
    expect(third.broker.vhost('v').policies.list).toHaveLength(1);
  });

  test.each([
    ['{', /are not JSON/],
    ['[]', /are not a JSON object/],
    ['{"permissions":[{"user":"eve","vhost":"/","configure":"","write":"","read":""}]}', /no user 'eve'/],
  ])('%s stands in the way of a start', async (content, reason) => {
    const path = file('all.json', content);
    const started = startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, definitions: path });
    await expect(started).rejects.toThrow(reason);
  });
});
