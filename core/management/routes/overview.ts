import * as v from 'valibot';
import { topologyView } from '../topology.ts';
import { overviewOf } from '../objects/overview.ts';
import { get, type Route } from '../route.ts';

const anObject = v.record(v.string(), v.unknown());

/** What there is, at a glance. */
export const overviewRoutes: readonly Route[] = [
  get('/api/overview', 'management', {
    says: 'Versions, totals and rates of all that the user may see', answers: anObject,
  }, overviewOf),
  get('/api/whoami', 'management', {
    says: 'Who the user is', answers: v.object({ name: v.string(), tags: v.array(v.string()) }),
  }, ({ caller: { user, tags } }) => ({ name: user, tags })),
  get('/api/extensions', 'management', {
    says: 'Scripts that pages load: there are none', answers: v.array(anObject),
  }, () => []),
  get('/api/topology', 'management', {
    says: 'All that a picture shows, at one moment', answers: anObject,
    query: { vhost: 'only what is in this virtual host' },
  }, (call) => topologyView(call.broker, call.vhosts, call.query.get('vhost') ?? undefined)),
];
