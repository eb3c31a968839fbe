import * as v from 'valibot';
import type { Access } from '../access.ts';
import { done } from '../answer.ts';
import { badRequest, objectNotFound, type ApiError } from '../api-error.ts';
import { act, change, get, type Route } from '../route.ts';
import { object } from '../body.ts';
import { requireNode } from './nodes.ts';

const anObject = v.record(v.string(), v.unknown());

/** What RabbitMQ says of a node that does not answer. */
export function badNode(node: string): ApiError {
  return badRequest(`Request to node ${node} failed with nodedown`);
}

/** Features that RabbitMQ once switched on: here all of them are there. */
const features = [
  ['quorum_queue', 'Support queues of type quorum'],
  ['stream_queue', 'Support queues of type stream'],
  ['virtual_host_metadata', 'Virtual hosts have a description and tags'],
  ['user_limits', 'Users have limits of connections and channels'],
  ['maintenance_mode_status', 'Nodes can be drained'],
  ['implicit_default_bindings', 'Bindings of the default exchange are implicit'],
  ['drop_unroutable_metric', 'Messages that no queue takes are counted'],
  ['empty_basic_get_metric', 'Gets that find nothing are counted'],
] as const;

/** Lists of what only several nodes, or a plug-in, have. */
function nothing(path: string, access: Access, says: string): Route {
  return get(path, access, { says, answers: v.array(anObject) }, () => []);
}

/** A single one of these, which is not there. */
function missing(path: string, access: Access, says: string): Route {
  return get(path, access, { says, answers: anObject }, () => {
    throw objectNotFound();
  });
}

const LINKS = 'Links of a federation: there is none';
const SHOVELS = 'Shovels that run: there is none';
const TRACES = 'Traces to files: there is none';
const STREAMS = 'What speaks the stream protocol: nothing does';

/** What has a meaning on several nodes, or with plug-ins, and is answered all the same. */
export const clusterRoutes: readonly Route[] = [
  get('/api/feature-flags', 'administrator', {
    says: 'Features that were once switched on', answers: v.array(anObject),
  }, () => features.map(([name, desc]) => ({
    name, desc, doc_url: '', state: 'enabled', stability: 'stable', provided_by: 'tabmq',
  }))),
  change('PUT', '/api/feature-flags/:name/enable', 'administrator', {
    says: 'Switch a feature on: it is', body: object,
  }, (call) => {
    if (features.some(([name]) => name === call.names['name'])) return done;
    throw badRequest('unsupported');
  }),
  act('POST', '/api/rebalance/queues', 'administrator', {
    says: 'Spread queues over nodes: there is one',
  }, () => done),
  act('DELETE', '/api/reset', 'administrator', {
    says: 'Forget samples of statistics',
  }, () => done),
  act('DELETE', '/api/reset/:node', 'administrator', {
    says: 'The same of a node',
  }, (call) => {
    requireNode(call);
    return done;
  }),
  nothing('/api/shovels', 'monitoring', SHOVELS),
  missing('/api/shovels/vhost/:vhost/:name', 'monitoring', SHOVELS),
  nothing('/api/shovels/:vhost', 'monitoring', SHOVELS),
  nothing('/api/federation-links', 'monitoring', LINKS),
  nothing('/api/federation-links/state/down', 'monitoring', LINKS),
  nothing('/api/federation-links/:vhost', 'monitoring', LINKS),
  nothing('/api/federation-links/:vhost/state/down', 'monitoring', LINKS),
  nothing('/api/traces', 'administrator', TRACES),
  nothing('/api/traces/node/:node', 'administrator', TRACES),
  nothing('/api/traces/node/:node/:vhost', 'administrator', TRACES),
  missing('/api/traces/node/:node/:vhost/:name', 'administrator', TRACES),
  nothing('/api/traces/:vhost', 'administrator', TRACES),
  missing('/api/traces/:vhost/:name', 'administrator', TRACES),
  nothing('/api/trace-files', 'administrator', TRACES),
  nothing('/api/trace-files/node/:node', 'administrator', TRACES),
  missing('/api/trace-files/node/:node/:name', 'administrator', TRACES),
  missing('/api/trace-files/:name', 'administrator', TRACES),
  nothing('/api/stream/publishers', 'management', STREAMS),
  nothing('/api/stream/publishers/:vhost', 'management', STREAMS),
  nothing('/api/stream/publishers/:vhost/:queue', 'management', STREAMS),
  nothing('/api/stream/consumers', 'management', STREAMS),
  nothing('/api/stream/consumers/:vhost', 'management', STREAMS),
  nothing('/api/stream/connections', 'management', STREAMS),
  nothing('/api/stream/connections/:vhost', 'vhost-or-monitoring', STREAMS),
  missing('/api/stream/connections/:vhost/:connection', 'vhost-or-monitoring', STREAMS),
];
