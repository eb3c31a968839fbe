import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestBroker } from '../../node/testing/index.ts';
import { connect, failureOf, ownBroker } from './own-broker.ts';

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-testing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What the work writes to stderr. */
async function stderrOf(work: () => Promise<unknown>): Promise<string> {
  const texts: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    texts.push(String(text));
    return true;
  });
  try {
    await work();
  } finally {
    write.mockRestore();
  }
  return texts.join('');
}

describe('the leak report', () => {
  test('names what is open and was not at the start', async () => {
    const broker = await ownBroker({ topology: (vhost) => void vhost.declareQueue({ queue: 'of the start' }) });
    const { channel, connection } = await connect(broker, 'forgetful');
    await channel.assertQueue('left');
    await channel.consume('left', () => {}, { consumerTag: 'listener' });
    await connection.createChannel();
    expect(broker.leaks).toEqual({
      connections: [expect.stringMatching(/^connection-1 'forgetful' from 127\.0\.0\.1/)],
      channels: ['connection-1/1', 'connection-1/2'],
      consumers: ["'listener' of queue left on connection-1/1"],
      queues: ['left'],
    });
    await channel.cancel('listener');
    await channel.deleteQueue('left');
    await channel.close();
    expect(broker.leaks).toMatchObject({ channels: ['connection-1/2'], consumers: [], queues: [] });
    await connection.close();
    expect(broker.leaks).toEqual({ connections: [], channels: [], consumers: [], queues: [] });
  });

  test('forgets what went with its connection', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker);
    await channel.assertQueue('own', { exclusive: true });
    await channel.consume('own', () => {});
    broker.faults.drop();
    expect(broker.leaks).toEqual({ connections: [], channels: [], consumers: [], queues: [] });
  });

  test('is what stop answers, and written where a test can see it', async () => {
    const broker = await startTestBroker();
    const { channel } = await connect(broker, 'forgetful');
    await channel.assertQueue('left');
    const written = await stderrOf(async () => {
      expect((await broker.stop()).queues).toEqual(['left']);
    });
    expect(written).toMatch(/^The test left open:\n {2}connections: .*forgetful/);
    expect(written).toMatch(/\n {2}channels: .*\n {2}queues: left\n$/);
  });

  test('fails a test that wants it so, with what the broker saw', async () => {
    const broker = await startTestBroker({ leaks: 'fail' });
    broker.vhost().declareQueue({ queue: 'left' });
    const { message } = await failureOf(broker.stop());
    expect(message).toContain('The test left open:\n  queues: left');
    expect(message).toContain('queue.declared');
  });

  test('says nothing where everything was closed, or nobody asks', async () => {
    const clean = await startTestBroker({ leaks: 'fail' });
    const { connection } = await connect(clean);
    await connection.close();
    await clean.stop();
    const ignoring = await startTestBroker({ leaks: 'ignore' });
    ignoring.vhost().declareQueue({ queue: 'left' });
    expect(await stderrOf(() => ignoring.stop())).toBe('');
  });
});

describe('the frame log', () => {
  test('tells every frame of every connection, in words', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker);
    await channel.assertQueue('tasks');
    channel.sendToQueue('tasks', Buffer.from('hello'), { contentType: 'text/plain' });
    await broker.queue('tasks').untilMessages(1);
    const lines = broker.frameLog.split('\n');
    expect(lines[0]).toMatch(/^ +\d+\.\d connection-1 client > broker AMQP 0-0-9-1$/);
    expect(lines[1]).toMatch(/^ +\d+\.\d connection-1 client < broker ch 0 connection\.start /);
    const told = lines.join('\n');
    expect(told).toMatch(/client > broker ch 1 .*queue\.declare.*queue="?tasks/);
    expect(told).toMatch(/client < broker ch 1 .*queue\.declare-ok/);
    expect(told).toMatch(/client > broker ch 1 .*header.*text\/plain/);
    expect(told).toMatch(/client > broker ch 1 body payload=<5 octets>/);
    expect(told).not.toContain('guest');
  });

  test('is written to a file at the end, and when the test asks for it', async () => {
    const file = join(ownFolder(), 'frames.log');
    const early = `${file}.early`;
    const broker = await startTestBroker({ frameLogFile: file, leaks: 'ignore' });
    await connect(broker);
    broker.writeFrameLog(early);
    await broker.stop();
    expect(readFileSync(early, 'utf8')).toContain('connection.start');
    expect(readFileSync(file, 'utf8')).toContain('CONNECTION_FORCED');
  });

  test('is written to a file when an expectation fails, should the test never come to its end', async () => {
    const file = join(ownFolder(), 'frames.log');
    const broker = await ownBroker({ frameLogFile: file, timeout: 1 });
    await connect(broker);
    const { message } = await failureOf(broker.expectRouted({ routingKey: 'nothing' }));
    expect(readFileSync(file, 'utf8')).toContain('channel.open-ok');
    expect(message).toContain(file);
  });
});
