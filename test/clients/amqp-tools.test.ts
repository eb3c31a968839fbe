/** librabbitmq, the C client, through the command line tools of Debian's package amqp-tools. */
import { execFile, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { useGateway } from './gateway.ts';
import { bigBody, unicodeText, uniqueName } from './samples.ts';
import { calling } from './waiting.ts';

const installed = spawnSync('amqp-publish', ['--help']).error === undefined;

describe.runIf(installed)('amqp-tools', () => {
  const gateway = useGateway();

  /** Runs a tool and resolves with what it printed. */
  function run(tool: string, parameters: string[], input: string | Buffer = ''): Promise<Buffer> {
    return calling(tool, (done) => {
      const options = { encoding: 'buffer', maxBuffer: 2 ** 22 } as const;
      const child = execFile(tool, ['--url', gateway.amqpUrl, ...parameters], options, (error, output, complaint) =>
        done(error && new Error(`${tool}: ${complaint}`), output),
      );
      // A tool that wants no input may be gone before the end of it is written.
      child.stdin!.on('error', () => {}).end(input);
    });
  }

  async function temporaryQueue(use: (queue: string) => Promise<void>): Promise<void> {
    const queue = uniqueName('tools');
    expect(`${await run('amqp-declare-queue', ['--queue', queue])}`).toBe(`${queue}\n`);
    await use(queue);
    expect(`${await run('amqp-delete-queue', ['--queue', queue])}`).toBe('0\n');
  }

  test('publish and get', () =>
    temporaryQueue(async (queue) => {
      await run('amqp-publish', ['--routing-key', queue, '--content-type', 'text/plain', '--body', unicodeText]);
      expect(`${await run('amqp-get', ['--queue', queue])}`).toBe(unicodeText);
      // An empty queue is exit code 2, with nothing printed.
      await expect(run('amqp-get', ['--queue', queue])).rejects.toThrow('amqp-get');
    }));

  test('publish and consume 1 MiB from standard input', () =>
    temporaryQueue(async (queue) => {
      await run('amqp-publish', ['--routing-key', queue, '--persistent'], bigBody);
      const output = await run('amqp-consume', ['--queue', queue, '--count', '1', 'cat']);
      expect(output.equals(bigBody)).toBe(true);
    }));

  test('publish one message a line and consume them within a prefetch', () =>
    temporaryQueue(async (queue) => {
      await run('amqp-publish', ['--routing-key', queue, '--line-buffered'], 'one\ntwo\nthree\n');
      const limits = ['--count', '3', '--prefetch-count', '1'];
      expect(`${await run('amqp-consume', ['--queue', queue, ...limits, 'cat'])}`).toBe('one\ntwo\nthree\n');
    }));

  test('complain with the reply of the broker', async () => {
    const missing = uniqueName('missing');
    await expect(run('amqp-get', ['--queue', missing])).rejects.toThrow(
      `server channel error 404, message: NOT_FOUND - no queue '${missing}' in vhost '/'`,
    );
  });
});
