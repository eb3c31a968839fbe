/** What permissions allow by AMQP they allow over HTTP; and calls of known clients find their keys. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { management } from '../../core/management/index.ts';
import { Statistics } from '../../core/management/statistics/statistics.ts';
import { fixture, leaveNothing, looseFixture, type Fixture } from '../support/fixture.ts';
import { declareQueue, publishAll } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const here = { transport: 'tcp', address: '127.0.0.1', port: 1, loopback: true, secure: false } as const;

function asking({ broker }: Fixture, user: string) {
  const { fetch } = management(broker, { statistics: new Statistics(broker, 0, false) });
  const headers = { authorization: `Basic ${btoa(`${user}:${user}`)}` };
  return (method: string, path: string, body?: object): Promise<Response> => fetch(new Request(
    `http://localhost/api/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) },
  ), here);
}

interface Deed {
  readonly amqp: (channel: TestChannel) => void;
  readonly http: readonly [method: string, path: string, body?: object];
}

const published = { properties: {}, routing_key: 'k', payload: 'x', payload_encoding: 'string' };
const fetched = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' };

/** Each leaves things as they are, or does no harm a second time. */
const deeds: Readonly<Record<string, Deed>> = {
  declare: {
    amqp: (channel) => channel.call('queue.declare', { queue: 'a', durable: true }),
    http: ['PUT', 'queues/%2F/a', { durable: true }],
  },
  purge: { amqp: (channel) => channel.call('queue.purge', { queue: 'a' }), http: ['DELETE', 'queues/%2F/a/contents'] },
  get: { amqp: (channel) => channel.call('basic.get', { queue: 'a' }), http: ['POST', 'queues/%2F/a/get', fetched] },
  bind: {
    amqp: (channel) => channel.call('queue.bind', { queue: 'a', exchange: 'amq.topic', routingKey: 'k' }),
    http: ['POST', 'bindings/%2F/e/amq.topic/q/a', { routing_key: 'k' }],
  },
  publish: {
    amqp: (channel) => {
      channel.publish('amq.topic', 'k', 'x');
      if (channel.closed !== undefined) throw channel.closed;
    },
    http: ['POST', 'exchanges/%2F/amq.topic/publish', published],
  },
};

const pattern = fc.constantFrom('', '.*', '^a', '^amq', 'b', 'a$', '^(a|amq\\.topic)$');

test('permissions of HTTP and AMQP agree', async () => {
  await fc.assert(fc.asyncProperty(
    pattern, pattern, pattern, fc.constantFrom(undefined, 'k', 'other'), fc.constantFrom(...Object.keys(deeds)),
    async (configure, write, read, topic, deed) => {
      const made = looseFixture();
      const { access } = made.broker;
      declareQueue(made.open(), 'a', {}, { durable: true });
      access.users.put('u', { password: 'u', tags: ['management'] });
      access.permissions.set('u', '/', { configure, write, read });
      if (topic !== undefined) access.permissions.setTopic('u', '/', 'amq.topic', { write: topic, read: topic });
      const { amqp, http } = deeds[deed]!;
      let allowed = true;
      try {
        amqp(made.open({ user: 'u', password: 'u' }));
      } catch (error) {
        expect((error as { replyCode?: number }).replyCode).toBe(403);
        allowed = false;
      }
      const { status } = await asking(made, 'u')(...http);
      expect([deed, status < 300]).toEqual([deed, allowed]);
      if (!allowed) expect(status).toBe(401);
      await leaveNothing(made);
    },
  ), { numRuns: 60 });
});

const overviewKeys = ['object_totals.queues', 'queue_totals.messages', 'message_stats', 'cluster_name',
  'rabbitmq_version'];
const queueKeys = [
  'name', 'vhost', 'messages', 'messages_ready', 'messages_unacknowledged', 'consumers', 'consumer_utilisation',
  'head_message_timestamp', 'memory', 'message_bytes', 'messages_details.rate', 'message_stats.publish',
  'message_stats.publish_details.rate', 'type', 'durable', 'auto_delete', 'exclusive', 'arguments',
];
const nodeKeys = [
  'fd_used', 'fd_total', 'disk_free', 'disk_free_alarm', 'mem_used', 'mem_limit', 'mem_alarm', 'run_queue',
    'sockets_used',
  'partitions', 'running', 'uptime', 'os_pid', 'proc_total', 'processors', 'rates_mode', 'enabled_plugins',
    'being_drained',
];

test.each<[string, string, readonly string[]]>([
  ['KEDA', 'queues?page=1&use_regex=true&pagination=false&name=%5Eq$&page_size=100', ['page_count',
    'items.0.messages']],
  ['KEDA', 'queues/%2F/q', ['messages', 'messages_ready', 'message_stats.publish_details.rate']],
  ['Datadog', 'overview', overviewKeys], ['Datadog', 'nodes', nodeKeys.map((key) => `0.${key}`)],
  ['Datadog', 'queues', queueKeys.map((key) => `0.${key}`)], ['Datadog', 'exchanges', ['0.name', '0.vhost', '0.type']],
  ['Zabbix', 'health/checks/alarms', ['status']], ['Zabbix', 'exchanges', ['0.name']],
  ['Terraform', 'whoami', ['name', 'tags']], ['Terraform', 'bindings/%2F', ['0.properties_key', '0.destination_type']],
  ['Flower', 'queues/%2F', ['0.name', '0.messages', '0.consumers', '0.messages_unacknowledged']],
  ['rabbitmqadmin-ng', 'exchanges', ['0.durable', '0.auto_delete']], ['rabbitmqadmin-ng', 'users', ['0.name',
    '0.tags']],
])('%s asks for /api/%s and finds its keys', async (_client, path, keys) => {
  const made = fixture();
  declareQueue(made.open(), 'q');
  publishAll(made.open(), 'q', ['a']);
  const body = await (await asking(made, 'guest')('GET', path)).json() as unknown;
  for (const key of keys) expect(body).toHaveProperty(key);
});
