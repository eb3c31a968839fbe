import * as v from 'valibot';
import { SettingError } from '../../broker/definition/setting-error.ts';
import { AmqpError } from '../../errors.ts';
import { Answer, done } from '../answer.ts';
import { ApiError, badRequest, notFound } from '../api-error.ts';
import { object } from '../body.ts';
import type { Call } from '../call.ts';
import { exportDefinitions, exportVhost } from '../definitions.ts';
import {
  checkParts, declareInTurns, importInTurns, isTaken, tryDefinitions, type ImportStep,
} from '../import-definitions.ts';
import { change, get, type Route } from '../route.ts';
import { validationFailed } from '../terms.ts';

const anObject = v.record(v.string(), v.unknown());

const importQuery = {
  dry_run: 'true: only tell what would become of each item',
  all_or_nothing: 'true: where one item cannot be as it says, nothing is changed',
  report: 'true: tell what became of each item',
};

function exported({ broker }: Call): unknown {
  return exportDefinitions(broker);
}

function exportedVhost({ broker, names }: Call): unknown {
  if (!broker.vhosts.has(names['vhost']!)) throw badRequest('vhost_not_found');
  return exportVhost(broker, names['vhost']!);
}

async function imported(
  call: Call, file: Readonly<Record<string, unknown>>, vhost?: string,
): Promise<unknown> {
  const { broker, world: { breathe } } = call;
  checkParts(file);
  const isDry = call.wants('dry_run');
  if (isDry || call.wants('all_or_nothing')) {
    const steps = await tryDefinitions(broker, file, breathe, vhost);
    if (isDry) return reportOf(steps);
    if (steps.some(({ item }) => !isTaken(item) && item.outcome !== 'skipped')) {
      throw refusal(steps.find(({ error }) => error !== undefined)!, steps);
    }
  }
  const steps = await declareInTurns(broker, file, vhost);
  const refused = steps.find(isRefused);
  if (refused !== undefined) throw refusal(refused, steps);
  return call.wants('report') ? reportOf(steps) : done;
}

function reportOf(steps: readonly ImportStep[]): Answer {
  return new Answer(200, steps.map(({ item }) => item));
}

/** A binding to what is not there is passed over, as with RabbitMQ; the report tells of it. */
function isRefused({ item, error }: ImportStep): boolean {
  if (item.outcome !== 'refused') return false;
  const isMissing = error instanceof AmqpError && error.replyName === 'NOT_FOUND';
  return !(item.kind === 'binding' && isMissing);
}

function refusal({ item, error }: ImportStep, steps: readonly ImportStep[]): ApiError {
  const isBroken = error instanceof AmqpError && error.replyName === 'INTERNAL_ERROR';
  return new ApiError(isBroken ? 500 : 400, isBroken ? 'internal_server_error' : 'bad_request',
    reasonOf(item, error), { report: steps.map((each) => each.item) });
}

function reasonOf({ kind, vhost, name, text }: ImportStep['item'], error: unknown): unknown {
  if (error instanceof AmqpError && error.replyName === 'NOT_ALLOWED') {
    return ['no_such_vhost', vhost === '' ? '/' : vhost];
  }
  if (!(error instanceof SettingError)) return text;
  if (error.fault === 'no-such-user') return ['no_such_user', name];
  if (error.fault === 'no-such-vhost') return ['no_such_vhost', vhost];
  if (kind !== 'policy' && kind !== 'parameter') return text;
  return `${validationFailed(text, true)} (${vhost}/${name})`;
}

/** Definitions out and in. */
export const definitionRoutes: readonly Route[] = [
  ...['/api/definitions', '/api/all-configuration'].flatMap((path) => [
    get(path, 'administrator', {
      says: 'All that lasts', answers: anObject, query: { download: 'name of a file' },
    }, exported),
    change('POST', path, 'administrator', {
      says: 'Declare what definitions hold; as JSON, or as the part `file` of a form',
      body: object, answers: v.array(anObject), query: importQuery,
    }, (call, file) => {
      // In process what became of each item is always told.
      if (call.request === undefined) return importInTurns(call.broker, file);
      return imported(call, file);
    }),
  ]),
  get('/api/definitions/:vhost', 'administrator', {
    says: 'What lasts of a virtual host', answers: anObject,
    query: { download: 'name of a file' },
  }, exportedVhost),
  change('POST', '/api/definitions/:vhost', 'administrator', {
    says: 'Declare what definitions hold in a virtual host, whatever they say of theirs',
    body: object, answers: v.array(anObject), query: importQuery,
  }, (call, file) => {
    const vhost = call.names['vhost']!;
    if (!call.broker.vhosts.has(vhost)) throw notFound('vhost_not_found');
    return imported(call, file, vhost);
  }),
];
