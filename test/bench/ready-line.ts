import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { StartBroker, StartedBroker } from './broker-process.ts';
import { CannotBench } from './cannot-bench.ts';
import { startChild } from './child-process.ts';
import type { Generator } from './generator.ts';
import { freePortFlags } from '../support/free-port.ts';

/** Brokers that pick free ports and print them in one line of JSON once they listen. */

const ROOT = join(import.meta.dirname, '../..');
const GATEWAY = join(ROOT, 'dist/node/cli.js');

/** The environment without what would change how the gateway runs. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const unwanted = /^(TABMQ_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)));
}

async function startReadyLine(
  command: string,
  words: readonly string[],
  log: number,
  version: string,
): Promise<StartedBroker | undefined> {
  const child = await startChild(command, words, {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', log],
  });
  if (!child.stdout) throw new TypeError('a broker with a ready line needs a pipe');
  const lines = createInterface(child.stdout);
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (line === undefined) return undefined;
  const ports: StartedBroker['ports'] = JSON.parse(line);
  return { child, ports, version: () => version };
}

/**
 * How to start the built gateway of this repository, as a user launches it. `profiles`: a directory
 * into which it writes a CPU profile as it ends.
 */
export function tabmqStarter(profiles?: string): StartBroker {
  if (!existsSync(GATEWAY)) {
    throw new CannotBench('TabMQ is not built: run `npm run build` first.');
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const flags = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profiles)}`];
  const words = [...flags, GATEWAY, '--ready-json', ...freePortFlags];
  const title = `TabMQ ${version} on Node ${process.versions.node}`;
  return async (directory, log) => {
    const started = await startReadyLine(
      process.execPath, [...words, '--data', directory], log, title,
    );
    return started && { ...started, writesAtEnd: profiles !== undefined };
  };
}

/** The generator's own broker that does nothing: what it reaches is the ceiling of this bench. */
export function ceilingStarter(generator: Generator): StartBroker {
  return (_directory, log) => {
    return startReadyLine(generator.program, ['sink'], log, 'the ceiling of the generator');
  };
}
