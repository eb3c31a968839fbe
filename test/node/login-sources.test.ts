/** Logins that others decide about, with real servers: an issuer of tokens, and a server that is asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import amqplib, { type ChannelModel } from 'amqplib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { Log, startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { readHttpAuth, readOAuth2 } from '../../node/auth-settings.ts';

interface Server {
  readonly url: string;
  readonly requests: { readonly path: string; readonly method: string | undefined; readonly form: string }[];
  stop(): Promise<unknown>;
}

type Answer = (path: string, form: URLSearchParams, request: IncomingMessage) => string;

async function serve(answer: Answer): Promise<Server> {
  const requests: Server['requests'] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const form = request.method === 'POST' ? new URLSearchParams(body) : searchParams;
    requests.push({ path: pathname, method: request.method, form: form.toString() });
    response.end(answer(pathname, form, request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => void server.close(resolve));
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, stop };
}

async function start(options: GatewayOptions): Promise<Gateway & { readonly logged: string[] }> {
  const logged: string[] = [];
  const log = new Log({ format: 'json', write: (line) => logged.push(line) });
  const gateway = await startGateway({ ports: { amqp: 0, http: 0 }, log, ...options });
  onTestFinished(() => gateway.stop());
  return { ...gateway, logged };
}

async function enter({ ports }: Gateway, user: string, password: string): Promise<ChannelModel> {
  const credentials = amqplib.credentials.plain(user, password);
  const connection = await amqplib.connect(`amqp://127.0.0.1:${ports.amqp}`, { credentials });
  connection.on('error', () => {});
  onTestFinished(() => connection.close().catch(() => {}));
  return connection;
}

async function callApi(
  { ports: { http } }: Gateway, path: string, authorization: string, method = 'GET',
): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${http}/api${path}`, { method, headers: { authorization } });
  const body = await response.text();
  return [response.status, body === '' ? undefined : JSON.parse(body)];
}

test('tokens are checked with the keys of their issuer, which may change', async () => {
  const pairs = await Promise.all([1, 2].map(() => generateKeyPair('RS256')));
  const jwks = await Promise.all(pairs.map(async ({ publicKey }, index) => (
    { ...await exportJWK(publicKey), kid: `key-${index}`, alg: 'RS256', use: 'sig' })));
  const issuer = await serve(() => JSON.stringify({ keys: jwks }));
  const oauth2 = readOAuth2({ resourceServerId: 'rabbitmq', jwksUrl: `${issuer.url}/keys` });
  const gateway = await start({ oauth2 });
  const scope = 'rabbitmq.configure:*/* rabbitmq.write:*/* rabbitmq.read:*/* rabbitmq.tag:administrator';
  const sign = (index: number, claims = {}): Promise<string> => (
    new SignJWT({ aud: ['rabbitmq'], sub: 'ann', scope, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: `key-${index}` }).setExpirationTime('1h')
      .sign(pairs[index]!.privateKey));
  const connection = await enter(gateway, '', await sign(0));
  const channel = await connection.createChannel();
  await channel.assertQueue('tasks');
  expect([...gateway.broker.connections][0]!.info.user).toBe('ann');
  await enter(gateway, 'ignored', await sign(1));
  expect(issuer.requests).toEqual([{ path: '/keys', method: 'GET', form: '' }]);
  await connection.updateSecret(Buffer.from(await sign(1)), 'renewal');
  const closed = once(connection, 'error');
  void connection.updateSecret(Buffer.from(await sign(1, { sub: 'bob' })), 'theft').catch(() => {});
  const [error] = await within('the end of the connection', closed);
  expect(String(error)).toContain('530 (NOT-ALLOWED) with message "NOT_ALLOWED - New secret was refused');
  await expect(enter(gateway, 'ann', await sign(0, { aud: 'other' }))).rejects.toThrow('ACCESS_REFUSED');
  const bearer = async (token: string): Promise<unknown> => callApi(gateway, '/whoami', `Bearer ${token}`);
  expect(await bearer(await sign(1))).toEqual([200, { name: 'ann', tags: ['administrator'] }]);
  expect(await callApi(gateway, '/queues/%2F/tasks?columns=name', `Basic ${btoa(`:${await sign(0)}`)}`)).toEqual(
    [200, { name: 'tasks' }],
  );
  expect(await bearer(await sign(1, { aud: 'other' }))).toMatchObject([401, { reason: 'Login failed' }]);
  expect(await bearer('garbage')).toMatchObject([401, { reason: 'Login failed' }]);
  // Whom the broker knows itself comes in as ever.
  await enter(gateway, 'guest', 'guest');
});

test('a server is asked who may log in and do what, by POST or by GET', async () => {
  const server = await serve((path, form) => {
    if (path === '/user') return form.get('password') === 'right' ? 'allow monitoring' : 'deny';
    return form.get('name') === 'secrets' ? 'deny' : 'allow';
  });
  const gateway = await start({ httpAuth: readHttpAuth(server.url) });
  const connection = await enter(gateway, 'ann', 'right');
  const channel = await connection.createChannel();
  await channel.assertQueue('tasks');
  channel.on('error', () => {});
  const refused = "access to queue 'secrets' in vhost '/' refused for user 'ann'";
  await expect(channel.assertQueue('secrets')).rejects.toThrow(refused);
  await expect(enter(gateway, 'ann', 'wrong')).rejects.toThrow('ACCESS_REFUSED');
  expect(server.requests[0]).toEqual({ path: '/user', method: 'POST', form: 'username=ann&password=right' });
  const asked = new URLSearchParams(server.requests[1]!.form);
  expect(Object.fromEntries(asked)).toEqual({ username: 'ann', vhost: '/', ip: '127.0.0.1', tags: 'monitoring' });
  await connection.close();
  const basic = `Basic ${btoa('ann:right')}`;
  expect(await callApi(gateway, '/queues?columns=name', basic)).toEqual([200, [{ name: 'tasks' }]]);
  expect(await callApi(gateway, '/queues/%2F/more', basic, 'PUT')).toEqual([201, undefined]);
  expect(await callApi(gateway, '/queues/%2F/secrets', basic, 'PUT')).toMatchObject([401, { error: 'not_authorised' }]);
  await server.stop();
  await expect(enter(gateway, 'ann', 'right')).rejects.toThrow(/authorization server does not answer/);
  const told = gateway.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.filter(({ component, level }) => component === 'gateway' && level === 'warn')).toEqual([
    expect.objectContaining({ msg: 'the authorization server does not answer' }),
  ]);
  const other = await serve(() => 'allow');
  const questions = ['user', 'vhost', 'resource', 'topic'];
  const urls = Object.fromEntries(questions.map((each) => [`${each}Url`, `${other.url}/${each}`]));
  const byGet = await start({ auth: ['http'], httpAuth: readHttpAuth({ ...urls, method: 'get' }) });
  await enter(byGet, 'ann', 'x y&z');
  expect(other.requests[0]).toEqual({ path: '/user', method: 'GET', form: 'username=ann&password=x+y%26z' });
  // In the chain there is nobody else.
  await enter(byGet, 'guest', 'guess');
  expect(other.requests.filter(({ path }) => path === '/user')).toHaveLength(2);
});

test('an answer that is no success, or too long, is none', async () => {
  const server = await serve((path, _form, request) => {
    if (path === '/user') return 'allow'.padEnd(2_000_000);
    request.destroy();
    return '';
  });
  const gateway = await start({ httpAuth: readHttpAuth(server.url) });
  await expect(enter(gateway, 'ann', 'right')).rejects.toThrow(/does not answer/);
  expect(gateway.logged.join()).toContain('the answer is too long');
});

test('settings that say too little or something odd are refused', async () => {
  expect(() => readOAuth2({ resourceServerId: 'r' })).toThrow("needs 'jwksUrl' or 'keys'");
  expect(() => readOAuth2({ resourceServerId: 'r', jwksUrl: 'ftp://x' })).toThrow("is wrong at 'jwksUrl'");
  expect(() => readOAuth2({ resourceServerId: 'r', keys: { a: { pme: 'x' } } })).toThrow("is wrong at 'keys.a'");
  expect(() => readOAuth2({ resourceServerId: 'r', jwksURL: 'https://x' })).toThrow(/is wrong at 'jwksURL'/);
  expect(() => readOAuth2('/no/such/file')).toThrow('names /no/such/file, which cannot be read: there is no such file');
  expect(() => readHttpAuth({ userUrl: 'http://x' })).toThrow("is wrong at 'vhostUrl'");
  await expect(startGateway({ auth: ['internal', 'oauth2'] })).rejects.toThrow('--oauth2 has to say how');
});
