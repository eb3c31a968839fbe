/** The broker behind its doors, as programs and operators meet it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ChannelModel } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Log, StartError, readLogLevels, startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { Playground } from '../../node/playground.ts';
import { Inbox, within } from '../clients/waiting.ts';
import { tcpClient } from './client.ts';
import { startReady } from './command.ts';

const freePorts = { amqp: 0, http: 0 };

async function open(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ ports: freePorts, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

function connect(port: number, login = 'guest:guest', vhost = ''): Promise<ChannelModel> {
  return amqplib.connect(`amqp://${login}@127.0.0.1:${port}/${vhost}`);
}

describe('a gateway in a program', () => {
  test('serves a client', async () => {
    const { ports } = await open();
    const channel = await (await connect(ports.amqp)).createChannel();
    const { queue } = await channel.assertQueue('');
    const inbox = new Inbox<amqplib.ConsumeMessage | null>();
    await channel.consume(queue, inbox.put, { noAck: true });
    channel.sendToQueue(queue, Buffer.from('hello'));
    expect((await inbox.take())?.content.toString()).toBe('hello');
  });

  test('lets in whom it is told to, to the virtual hosts it is told of', async () => {
    const { ports } = await open({ users: [{ name: 'ann', password: 'p:w' }], vhosts: ['/', 'shop'] });
    await connect(ports.amqp, 'ann:p%3Aw', 'shop');
    await expect(connect(ports.amqp)).rejects.toThrow(/ACCESS[_-]REFUSED/);
    await expect(connect(ports.amqp, 'ann:p%3Aw', 'nope')).rejects.toThrow(/ConnectionClose/);
  });

  test('needs an address to listen on', async () => {
    await expect(startGateway({ hosts: [] })).rejects.toThrow('There is no address to listen on.');
  });

  test('refuses more virtual hosts than there can be before it locks a directory', async () => {
    const data = mkdtempSync(join(tmpdir(), 'tabmq-vhosts-'));
    onTestFinished(() => rmSync(data, { recursive: true }));
    const vhosts = Array.from({ length: 1025 }, (_, index) => `vhost-${index}`);
    const refused = startGateway({ vhosts, data, ports: freePorts });
    await expect(refused).rejects.toThrow('1025 virtual hosts are too many: there can be 1024.');
    await expect(startGateway({ vhosts: ['x'.repeat(256)], data, ports: freePorts })).rejects.toThrow(StartError);
    await open({ data });
  });

  test('lives on when a file of the playground is gone, as while it is built anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tabmq-playground-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const name of ['sw.js', 'gone.js']) writeFileSync(join(folder, name), '// a script');
    const { ports } = await open({ playground: new Playground(folder) });
    rmSync(join(folder, 'gone.js'));
    const url = `http://127.0.0.1:${ports.http}`;
    const gone = await fetch(`${url}/gone.js`);
    expect([gone.status, await gone.text()]).toEqual([404, 'Not Found\n']);
    expect(await (await fetch(`${url}/sw.js`)).text()).toBe('// a script');
  });

  test('closes connections with 320 when it stops, once [CON-32]', async () => {
    const gateway = await open();
    const connection = await connect(gateway.ports.amqp);
    const closed = once(connection, 'close');
    const stopped = gateway.stop();
    expect(gateway.stop()).toBe(stopped);
    const [error] = await within('the end of the connection', closed);
    expect(error).toMatchObject({ code: 320 });
    await within('the gateway to stop', stopped);
    await expect(connect(gateway.ports.amqp)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('stops though somebody is in the middle of a handshake or of a request', async () => {
    const gateway = await open();
    const silent = await tcpClient({ tcpPort: gateway.ports.amqp });
    const late = await tcpClient({ tcpPort: gateway.ports.http });
    late.send(Buffer.from('GET / HTTP/1.1\r\n'));
    const stopped = within('the gateway to stop', gateway.stop());
    await silent.closed;
    silent.end();
    await stopped;
    await late.closed;
  });

  test('leaves no listener behind when one cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const http = (taken.address() as AddressInfo).port;
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const amqp = (other.address() as AddressInfo).port;
    other.close();
    await once(other, 'close');
    const failed = startGateway({ ports: { amqp, http }, hosts: ['127.0.0.1'] });
    await expect(failed).rejects.toThrow(StartError);
    await expect(connect(amqp)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('has publishers wait while too much memory is in use', async () => {
    const { ports } = await open({ memoryHighWatermark: 0.0001 });
    const connection = await connect(ports.amqp);
    const blocked = once(connection, 'blocked');
    const channel = await connection.createChannel();
    channel.publish('', 'nowhere', Buffer.from('x'));
    await within('connection.blocked', blocked);
  });
});

describe('the log of a gateway', () => {
  test('tells of connections at info, and of what they declare at debug', async () => {
    const lines: string[] = [];
    const log = new Log({ levels: readLogLevels('info,queue=debug'), write: (line) => lines.push(line) });
    const gateway = await open({ log });
    const connection = await connect(gateway.ports.amqp);
    const channel = await connection.createChannel();
    await channel.assertQueue('orders');
    await connection.close();
    await gateway.stop();
    const all = lines.join('');
    expect(all).toMatch(/ info {2}connection: opened connection=connection-1 peer=\S+ transport=tcp user=guest/);
    expect(all).toMatch(/ debug queue: declared .*queue=orders/);
    expect(all).toMatch(/ info {2}connection: closed by=peer connection=connection-1/);
    expect(all).not.toMatch(/channel: opened/);
  });

  test('shows every frame at trace, and no password', async () => {
    const { ready, stderr } = await startReady({
      flags: ['--log-level', 'info,connection=trace', '--user', 'ann:sesame'],
    });
    const connection = await connect(ready.amqp, 'ann:sesame');
    const channel = await connection.createChannel();
    await channel.assertQueue('orders');
    const lines: string[] = [];
    while (!lines.at(-1)?.includes('queue.declare-ok')) lines.push(await stderr.take('a line of the log'));
    const all = lines.join('\n');
    expect(all).toMatch(/connection: out ch 0 connection\.start .* connection=connection-1\n/);
    expect(all).toMatch(/connection: in {2}ch 1 queue\.declare queue=orders/);
    expect(all).not.toContain('sesame');
    await connection.close();
  });

  test('has one line of JSON for each event where a program reads it', async () => {
    const { ready, stderr } = await startReady({ flags: ['--log-format', 'json'] });
    await (await connect(ready.amqp)).close();
    const opened = JSON.parse(await stderr.take());
    expect(opened).toMatchObject({ level: 'info', component: 'connection', msg: 'opened', user: 'guest' });
  });
});

describe('a signal', () => {
  test('closes connections with 320', async () => {
    const { ready, child, exit } = await startReady();
    const connection = await connect(ready.amqp);
    const closed = once(connection, 'close');
    child.kill('SIGTERM');
    const [error] = await within('the end of the connection', closed);
    expect(error).toMatchObject({ code: 320 });
    expect(await within('the exit', exit)).toBe(0);
  });

  /** A client that does not answer connection.close, so that the drain takes its time. */
  async function stubborn(port: number): Promise<void> {
    const connection = await connect(port);
    const { stream } = (connection as unknown as { connection: { stream: NodeJS.ReadableStream } }).connection;
    stream.removeAllListeners('readable').removeAllListeners('data');
    stream.pause();
  }

  test('that is the second ends it at once', async () => {
    const { ready, child, stderr, exit } = await startReady({ flags: ['--log-level', 'info,connection=silent'] });
    await stubborn(ready.amqp);
    child.kill('SIGTERM');
    expect(await stderr.take()).toContain('draining');
    child.kill('SIGINT');
    expect(await within('the exit', exit)).toBe(1);
  });

  test('that npm repeats is one', async () => {
    const { child, exit } = await startReady();
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await within('the exit', exit)).toBe(0);
  });
});
