import * as v from 'valibot';
import { Answer } from '../answer.ts';
import { badRequest, notAuthorised } from '../api-error.ts';
import type { Call } from '../call.ts';
import { alarmsOf } from '../objects/alarms.ts';
import { get, type Route } from '../route.ts';
import { AmqpError } from '../../errors.ts';
import { permitQueueDeclare } from '../../broker/permitted.ts';
import { requireNode } from './nodes.ts';

const OK = { status: 'ok' };
const answers = v.object({ status: v.string() });

function failed(details: object): Answer {
  return new Answer(503, { status: 'failed', ...details });
}

function check(path: string, says: string, handle: (call: Call) => unknown): Route {
  return get(`/api/health/checks/${path}`, 'management', { says, answers }, handle);
}

function checkAlarms({ broker }: Call, where: string): unknown {
  const alarms = alarmsOf(broker).map((resource) => ({ node: broker.options.node, resource }));
  if (alarms.length === 0) return OK;
  return failed({ reason: `There are alarms in effect ${where}`, alarms });
}

const unitMs: Readonly<Record<string, number>> = {
  days: 86_400_000, weeks: 604_800_000, months: 2_629_800_000, years: 31_557_600_000,
};

function checkCertificates({ world, broker, names }: Call): unknown {
  const unit = unitMs[names['unit']!];
  if (unit === undefined) {
    throw badRequest('Time unit not recognised. Supported units: days, weeks, months, years.');
  }
  if (!/^\d{1,9}$/.test(names['within']!)) throw badRequest('Invalid expiration value.');
  const until = broker.clock.wall() + Number(names['within']) * unit;
  const expired = [...world.certificatesEnd()].filter(([, end]) => end <= until)
    .map(([cert, end]) => ({ cert, expires_on: new Date(end).toISOString() }));
  return expired.length === 0 ? OK : failed({ reason: 'Certificates expiring', expired });
}

function checkPort({ world, names }: Call): unknown {
  if (!/^\d{1,5}$/.test(names['port']!)) throw badRequest('Invalid port');
  const port = Number(names['port']);
  const ports = world.listeners().map((each) => each.port);
  if (ports.includes(port)) return { ...OK, port };
  return failed({ reason: 'No active listener', missing: port, ports });
}

/** Other names that clients have for what is spoken. */
const aliases: Readonly<Record<string, string>> = {
  'amqp091': 'amqp', 'amqp0.9.1': 'amqp', 'amqp-0-9-1': 'amqp', 'amqps': 'amqp/ssl',
};

function checkProtocol({ world, names }: Call): unknown {
  const protocol = names['protocol']!;
  const protocols = [...new Set(world.listeners().map((each) => each.protocol))];
  if (protocols.includes(aliases[protocol] ?? protocol)) return { ...OK, protocol };
  return failed({ reason: 'No active listener', missing: protocol, protocols });
}

const ALIVENESS_QUEUE = 'aliveness-test';

/** Declares a queue, publishes to it and gets that back, as whoever asks might. */
async function checkAliveness(call: Call): Promise<unknown> {
  const { vhost, guard } = call;
  const table = {};
  try {
    permitQueueDeclare(guard, vhost, ALIVENESS_QUEUE, table);
    guard.exchange('write', '');
    guard.queue('read', ALIVENESS_QUEUE);
  } catch (error) {
    throw error instanceof AmqpError ? notAuthorised(error.replyText) : error;
  }
  const queue = vhost.declareQueue({ queue: ALIVENESS_QUEUE, durable: true, arguments: table });
  vhost.exchange('').publish({ routingKey: ALIVENESS_QUEUE, body: 'test_message' });
  return new Promise((resolve) => {
    vhost.turn.within(() => queue.get({ closed: false }, (delivery) => {
      if (delivery !== undefined) queue.settle(delivery, 'ack');
      resolve(delivery === undefined ? failed({ reason: 'the message did not come' }) : OK);
    }));
  });
}

function checkNode({ broker }: Call): unknown {
  const alarms = alarmsOf(broker);
  if (alarms.length === 0) return OK;
  const { node } = broker.options;
  const terms = alarms.map((resource) => `{resource_limit,${resource},${node}}`);
  return failed({ reason: `resource alarm(s) in effect:[${terms.join(',')}]` });
}

const alone = (): object => ({ ...OK, reason: 'single node cluster' });

/** Whether all is well, for probes. */
export const healthRoutes: readonly Route[] = [
  check('alarms', 'No alarm is set', (call) => checkAlarms(call, 'in the cluster')),
  check('local-alarms', 'The same', (call) => checkAlarms(call, 'on the node')),
  check('certificate-expiration/:within/:unit', 'No certificate ends so soon', checkCertificates),
  check('port-listener/:port', 'Clients come in at this port', checkPort),
  check('protocol-listener/:protocol', 'Clients come in that speak this', checkProtocol),
  check('virtual-hosts', 'All virtual hosts run', () => OK),
  check('node-is-mirror-sync-critical', 'No other node needs this one', alone),
  check('node-is-quorum-critical', 'The same', alone),
  get('/api/aliveness-test/:vhost', 'vhost', {
    says: 'A message is published and fetched', answers,
  }, checkAliveness),
  get('/api/healthchecks/node', 'management', { says: 'The node is well', answers }, checkNode),
  get('/api/healthchecks/node/:node', 'management', {
    says: 'The same', answers,
  }, (call) => {
    requireNode(call);
    return checkNode(call);
  }),
];
