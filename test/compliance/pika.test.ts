/** The compliance suite in Python: pika's view of the broker, one pytest file a noun. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ownGateway, useGateway } from '../clients/gateway.ts';

const suiteSecondsMax = 240;
const folder = fileURLToPath(new URL('.', import.meta.url));
const results = fileURLToPath(new URL('../results/', import.meta.url));
const resultFile = `${results}pika.json`;

/** A python of the user's own, if it has pika, or Debian's. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import pika, pytest']).status === 0,
);

const complaint =
  'the pika compliance suite needs python3-pika and python3-pytest, and neither python3 nor\n' +
  '/usr/bin/python3 has them. On Debian or Ubuntu: sudo apt-get install python3-pika python3-pytest';
const skipped = python === undefined && process.env['CI'] !== 'true';

if (skipped) process.stderr.write(`\nSKIPPED: ${complaint}\n\n`);

describe.skipIf(skipped)('pika', () => {
  const gateway = useGateway();

  test('finds the broker compliant', { timeout: (suiteSecondsMax + 20) * 1000 }, async () => {
    if (python === undefined) throw new Error(complaint);
    mkdirSync(results, { recursive: true });
    rmSync(resultFile, { force: true });
    const broker = ownGateway ? 'tabmq' : 'rabbitmq';
    const pytest = spawn(python, ['-m', 'pytest', '-q', '--tb=short', '--color=no', `--broker=${broker}`], {
      cwd: folder,
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: '1',
        TABMQ_URL: gateway.amqpUrl,
        TABMQ_COMPLIANCE_RESULTS: resultFile,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Interrupted like this, pytest still says which tests failed.
      timeout: suiteSecondsMax * 1000,
      killSignal: 'SIGINT',
    });
    const [output, errors, [code]] = await Promise.all([
      text(pytest.stdout), text(pytest.stderr), once(pytest, 'exit'),
    ]);
    expect(code, `${output}${errors}`).toBe(0);
  });
});
