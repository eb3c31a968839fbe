import * as v from 'valibot';
import { done } from '../answer.ts';
import { objectNotFound } from '../api-error.ts';
import type { Call } from '../call.ts';
import { memoryOf, nodeOf, relativeMemoryOf } from '../objects/node.ts';
import { act, get, type Route } from '../route.ts';

const anObject = v.record(v.string(), v.unknown());

/** Errors: 404 where the path names another node than this one. */
export function requireNode({ broker, names }: Call): void {
  if (names['node'] !== broker.options.node) throw objectNotFound();
}

/** A value of the one node that there is. */
function ofNode(path: string, says: string, of: (call: Call) => unknown): Route {
  return get(`/api/nodes/:node${path}`, 'monitoring', { says, answers: anObject }, (call) => {
    requireNode(call);
    return of(call);
  });
}

const noTables = (): object => ({ ets_tables_memory: { total: 0 } });

/** The one node. */
export const nodeRoutes: readonly Route[] = [
  get('/api/nodes', 'monitoring', {
    says: 'The node, as the only one of a cluster', answers: v.array(anObject),
  }, (call) => [nodeOf(call)]),
  ofNode('', 'The node', (call) => ({
    ...nodeOf(call), ...(call.wants('memory') && { memory: memoryOf(call) }),
  })),
  ofNode('/memory', 'What takes its memory', (call) => ({ memory: memoryOf(call) })),
  ofNode('/memory/relative', 'The same in per cent', (call) => (
    { memory: relativeMemoryOf(call) })),
  ofNode('/memory/ets', 'Tables of RabbitMQ, which there are none of here', noTables),
  ofNode('/memory/ets/relative', 'The same in per cent', noTables),
  ofNode('/memory/ets/:filter', 'Some of these tables', noTables),
  ofNode('/memory/ets/:filter/relative', 'The same in per cent', noTables),
  get('/api/auth/attempts/:node', 'monitoring', {
    says: 'Logins by protocol', answers: v.array(anObject),
  }, (call) => {
    requireNode(call);
    return call.attempts.byProtocol();
  }),
  get('/api/auth/attempts/:node/source', 'monitoring', {
    says: 'Logins by address: they are not kept', answers: v.array(anObject),
  }, (call) => {
    requireNode(call);
    return [];
  }),
  act('DELETE', '/api/auth/attempts/:node', 'monitoring', {
    says: 'Count logins anew',
  }, forgetAttempts),
  act('DELETE', '/api/auth/attempts/:node/source', 'monitoring', {
    says: 'Count logins anew',
  }, forgetAttempts),
];

function forgetAttempts(call: Call): unknown {
  requireNode(call);
  call.attempts.reset();
  return done;
}
