import * as v from 'valibot';
import { object } from '../body.ts';
import type { Call } from '../call.ts';
import { exportDefinitions, importInTurns } from '../definitions.ts';
import { change, get, type Route } from '../route.ts';
import { done } from '../answer.ts';

const anObject = v.record(v.string(), v.unknown());

function exported({ broker }: Call): unknown {
  return exportDefinitions(broker);
}

/** Definitions out and in. */
export const definitionRoutes: readonly Route[] = [
  get('/api/definitions', 'administrator', {
    says: 'All that lasts', answers: anObject, query: { download: 'name of a file' },
  }, exported),
  get('/api/all-configuration', 'administrator', {
    says: 'The same under an older name', answers: anObject,
  }, exported),
  change('POST', '/api/definitions', 'administrator', {
    says: 'Declare what definitions hold', body: object, answers: v.array(anObject),
  }, async ({ broker, request }, body) => {
    const report = await importInTurns(broker, body);
    return request === undefined ? report : done;
  }),
];
