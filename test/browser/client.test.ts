/** The client in Chromium: over WebSocket to a gateway, and over a MessagePort to a broker in the page. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AmqpError } from '../../core/index.ts';
import { startGateway, type Gateway } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { bundle } from './bundle.ts';
import { hasChromium } from './chromium.ts';
import { usePage } from './page.ts';

const file = fileURLToPath(new URL('page/client.ts', import.meta.url));

describe.runIf(hasChromium())('in a browser the client', () => {
  let gateway: Gateway;
  const page = usePage(() => bundle({ file }));
  const url = (): string => `ws://guest:guest@127.0.0.1:${gateway.ports.http}/ws/amqp`;

  beforeAll(async () => {
    gateway = await startGateway({ ports: { amqp: 0, http: 0 } });
  });
  afterAll(() => gateway.stop());

  test('declares, publishes with confirms, consumes and acknowledges over WebSocket', async () => {
    expect(await page.call('overWebSocket', url(), 500)).toEqual({ confirmed: 500, intact: 500, left: 0 });
  });

  test('does the same over a MessagePort, with a broker in the page', async () => {
    expect(await page.call('overPort', 500)).toEqual({
      result: { confirmed: 500, intact: 500, left: 0 },
      end: 'the link ended in order',
      connections: 0,
    });
  });

  test('carries bodies far larger than a frame', async () => {
    expect(await page.call('largeBody', url(), 3_000_000)).toBe(3_000_000);
  });

  test('closes in order when it is unsubscribed', async () => {
    const closed = firstValueFrom(gateway.broker.events$.pipe(filter(({ type }) => type === 'connection.closed')));
    await page.call('overWebSocket', url(), 1);
    expect(await within('the connection to close', closed)).not.toHaveProperty('error', expect.anything());
    expect([...gateway.broker.connections]).toEqual([]);
  });

  test('connects again after the connection was closed, and goes on consuming', async () => {
    const queue = 'in-a-browser';
    expect(await page.call('consumeForEver', url(), queue)).toBe('consuming');
    expect(await page.call('sendAndReceive', url(), queue, 'before')).toBe('before');
    for (const connection of gateway.broker.connections) {
      connection.close(new AmqpError('CONNECTION_FORCED', 'closed by the test'));
    }
    expect(await page.call('sendAndReceive', url(), queue, 'after')).toBe('after');
  });

  test('says that the login was refused', async () => {
    const wrong = `ws://guest:wrong@127.0.0.1:${gateway.ports.http}/ws/amqp`;
    expect(await page.call('failure', wrong)).toMatchObject({
      name: 'ReplyError', replyCode: 403, scope: 'connection',
    });
  });

  test('says that there is no such virtual host, and no such queue', async () => {
    const target = { url: url(), vhost: 'nowhere' };
    expect(await page.call('failure', target)).toMatchObject({ replyCode: 530, scope: 'connection' });
    expect(await page.call('failure', url(), 'no-such-queue')).toMatchObject({ replyCode: 404, scope: 'channel' });
  });

  test('says that nothing listens, or no WebSocket', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reason = 'nothing listens there, it does not speak WebSocket, or it refuses this page';
    const expected = { name: 'DialError', message: `Cannot connect to ws://127.0.0.1:${port}/: ${reason}.` };
    expect(await page.call('failure', `ws://127.0.0.1:${port}/`)).toMatchObject(expected);
    server.close();
    await once(server, 'close');
    expect(await page.call('failure', `ws://127.0.0.1:${port}/`)).toMatchObject(expected);
  });

  test.each([
    [{ url: 'amqp://127.0.0.1:5672' }, 'a browser has no TCP, so the URL must begin with ws: or wss:'],
    [{ url: 'wss://127.0.0.1:1/', tls: { servername: 'x' } }, 'so no TLS options may be given'],
  ])('says what a browser cannot do: %j', async (target, reason) => {
    const failure = (await page.call('failure', target)) as { name: string; message: string };
    expect(failure.name).toBe('DialError');
    expect(failure.message).toContain(reason);
  });
});
