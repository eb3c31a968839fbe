/** Every example runs to its end by itself and prints what its reader is told to expect. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ownGateway, useGateway } from './clients/gateway.ts';

const folder = fileURLToPath(new URL('../demo/examples/', import.meta.url));
const gateway = useGateway();

/** What each example prints. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  'confirms.ts': [
    'first: confirmed',
    'second: confirmed',
    'third: refused',
    'lost? came back: NO_ROUTE',
  ],
  'dead-letter-retry.ts': [
    'attempt 1 failed: again later',
    'attempt 2 failed: again later',
    'attempt 3 succeeded',
  ],
  'fan-out.ts': [
    'Ann read: the broker is up',
    'Bob read: the broker is up',
    'Cleo read: the broker is up',
  ],
  'in-process.ts': ['received: hello', 'received: and again'],
  'publish-consume.ts': ['sent: hello, rabbit', 'received: hello, rabbit'],
  'rpc.ts': ['2 squared is 4', '7 squared is 49', '12 squared is 144'],
  'topics.ts': [
    'weather.fr.* got weather.fr.sun',
    'weather.# got weather.fr.sun, weather.no.storm, weather.fr.paris.rain',
    '*.*.storm got weather.no.storm',
  ],
  'websocket.ts': ['sent: hello from a page', 'received: hello from a page'],
};
const needsWebSocket = ['websocket.ts'];

async function linesOf(example: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', example], {
    cwd: folder,
    env: { ...process.env, AMQP_URL: gateway.amqpUrl, AMQP_WS_URL: gateway.wsUrl },
    timeout: 60_000,
  });
  return stdout.trimEnd().split('\n');
}

for (const [example, lines] of Object.entries(outputs)) {
  test.runIf(ownGateway || !needsWebSocket.includes(example))(example, async () => {
    expect(await linesOf(example)).toEqual(lines);
  });
}

test('work-queue.ts', async () => {
  const lines = await linesOf('work-queue.ts');
  const tasksOf = (worker: string): number => lines.filter((line) => line.startsWith(worker)).length;
  expect(lines.at(-1)).toBe('all tasks are done');
  expect(tasksOf('the quick worker') + tasksOf('the slow worker')).toBe(8);
  expect(tasksOf('the quick worker')).toBeGreaterThan(tasksOf('the slow worker'));
});

test('decode-capture.ts', async () => {
  const lines = await linesOf('decode-capture.ts');
  expect([lines.length, lines[0], lines[3], ...lines.slice(-4)]).toEqual([
    14, '0 protocol-header AMQP 0-0-9-1', '279 method ch 0 connection.open virtualHost=/',
    '402 header ch 2 header bodySize=5 contentType=text/plain', '435 body ch 2 body payload=<5 octets>',
    '448 method ch 0 connection.close replyCode=200 replyText=OK classId=0 methodId=0',
    '469 octets are whole frames, 0 are left',
  ]);
});

test('no example is left out', () => {
  const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  expect(programs.sort()).toEqual([...Object.keys(outputs), 'decode-capture.ts', 'work-queue.ts'].sort());
});
