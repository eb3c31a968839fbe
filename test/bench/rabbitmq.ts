import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { StartBroker } from './broker-process.ts';
import { startChild } from './child-process.ts';

/**
 * A private RabbitMQ with its defaults and no plugins. It runs as the user who runs the bench: node
 * name, ports, data, log, cookie and port mapper (epmd) are its own, so that neither rights nor
 * another RabbitMQ of this machine come in its way.
 */

/** Debian's command in PATH insists on changing the user; the script behind it does not. */
const DEBIAN_SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** The path of rabbitmq-server, or undefined where RabbitMQ or its epmd is not installed. */
export function findRabbitmq(): string | undefined {
  if (spawnSync('epmd', ['-help']).error) return undefined;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [DEBIAN_SCRIPT, ...folders.map((folder) => join(folder, 'rabbitmq-server'))];
  return candidates.find((path) => existsSync(path));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
    server.close();
  }
  return ports;
}

/** The first line of its log names RabbitMQ's and Erlang's versions. */
function versionIn(logFile: string): string {
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  return /RabbitMQ [\d.]+ on Erlang [\d.]+/.exec(log)?.[0] ?? 'RabbitMQ';
}

/** How to start the given rabbitmq-server, with these lines as its configuration. */
export function rabbitmqStarter(script: string, settings = ''): StartBroker {
  return async (directory, log) => {
    const [amqp = 0, distribution = 0, mapper = 0] = await freePorts(3);
    const stdio = ['ignore', log, log] as const;
    const words = ['-port', String(mapper), '-address', '127.0.0.1'];
    const epmd = await startChild('epmd', words, { stdio: [...stdio] });
    const configuration = join(directory, 'rabbitmq.conf');
    writeFileSync(configuration, settings);
    const logs = join(directory, 'log');
    const node = `tabmq_bench_${process.pid}@localhost`;
    const env = {
      PATH: process.env['PATH'],
      HOME: directory,
      ERL_EPMD_PORT: String(mapper),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: node,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(amqp),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: logs,
      RABBITMQ_CONFIG_FILE: configuration,
      RABBITMQ_CONF_ENV_FILE: join(directory, 'none.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'plugins'),
      // Under systemd the script becomes the Erlang process instead of starting it as a child: the
      // process that is started here is then the one to be measured and ended.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
    // The idle connections need more open files than the usual soft limit; an unlimited number
    // would make Erlang reserve memory for it.
    const raiseLimit = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0"';
    const options = { cwd: directory, env, stdio: [...stdio] };
    const child = await startChild('sh', ['-c', raiseLimit, script], options);
    const version = () => versionIn(join(logs, `${node}.log`));
    return { child, ports: { amqp }, version, helpers: [epmd] };
  };
}
