/** `/api/vhosts` of the gateway's HTTP port, as programs that make the virtual host they work in use it. */
import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { Log } from '../../node/log.ts';
import { Inbox } from '../clients/waiting.ts';

async function setUp(
  options: GatewayOptions = {},
): Promise<{ gateway: Gateway; ask: (path: string, init?: RequestInit) => Promise<Response> }> {
  const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, ...options });
  onTestFinished(() => gateway.stop());
  const login = { Authorization: `Basic ${btoa('guest:guest')}` };
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(
    `http://127.0.0.1:${gateway.ports.http}/api/vhosts${path}`, { ...init, headers: { ...login, ...init.headers } },
  );
  return { gateway, ask };
}

test('a virtual host is made, works, and is deleted with all that is in it [API-11]', async () => {
  const { gateway, ask } = await setUp();
  const url = `amqp://127.0.0.1:${gateway.ports.amqp}/a%20b`;
  expect((await ask('/a%20b')).status).toBe(404);
  await expect(connect(url)).rejects.toThrow(/ConnectionClose/);

  expect((await ask('/a%20b', { method: 'PUT' })).status).toBe(201);
  expect((await ask('/a%20b', { method: 'PUT', body: '{"tags":"x"}' })).status).toBe(204);
  expect(await (await ask('/a%20b')).json()).toMatchObject({ name: 'a b', tags: ['x'] });
  expect(await (await ask('?columns=name')).json()).toEqual([{ name: '/' }, { name: 'a b' }]);
  const connection = await connect(url);
  const closed = new Inbox<Error>();
  connection.on('close', closed.put);
  const channel = await connection.createChannel();
  await channel.assertQueue('q');

  expect((await ask('/a%20b', { method: 'DELETE' })).status).toBe(204);
  expect((await closed.take()).message).toContain("vhost 'a b' is down");
  expect((await ask('/a%20b', { method: 'DELETE' })).status).toBe(404);
  expect((await ask('/a%20b', { method: 'PUT' })).status).toBe(201);
  const again = await connect(url);
  const checking = await again.createChannel();
  checking.on('error', () => {});
  await expect(checking.checkQueue('q')).rejects.toThrow(/404/);
  await again.close();
});

describe('nobody gets in', () => {
  test.each([
    ['without a login', { headers: { Authorization: '' } }, 401],
    ['with another password', { headers: { Authorization: `Basic ${btoa('guest:guess')}` } }, 401],
    ['from a page of elsewhere', { headers: { Origin: 'https://elsewhere.example' } }, 403],
    ['with another method', { method: 'POST' }, 405],
    ['under a name that does not decode', { path: '/%zz' }, 400],
    ['under no name', { path: '' }, 405],
  ])('%s', async (_, { path = '/mine', ...init }: RequestInit & { path?: string }, status) => {
    const { gateway, ask } = await setUp();
    const method = 'PUT';
    expect((await ask(path, { method, ...init })).status).toBe(status);
    expect([...gateway.broker.vhosts.keys()]).toEqual(['/']);
  });
});

test('what fails within is answered 500 and told to the log', async () => {
  const lines: string[] = [];
  const log = new Log({ format: 'json', write: (line) => lines.push(line) });
  const { gateway, ask } = await setUp({ log });
  gateway.broker.ensureVhost = () => {
    throw new Error('nothing works');
  };
  const response = await ask('/mine', { method: 'PUT' });
  expect([response.status, await response.json()]).toMatchObject([500, { error: 'internal_server_error' }]);
  expect(lines.filter((line) => line.includes('a request failed') && line.includes('nothing works'))).toHaveLength(1);
});
