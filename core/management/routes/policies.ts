import * as v from 'valibot';
import { SettingError } from '../../broker/definition/setting-error.ts';
import type { Policies } from '../../broker/policy/policies.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import type { Access } from '../access.ts';
import { done, put } from '../answer.ts';
import { badRequest, notFound, objectNotFound } from '../api-error.ts';
import { anything, object } from '../body.ts';
import type { Call } from '../call.ts';
import { policyTable } from '../objects/setting-tables.ts';
import { act, change, list, single, type Route } from '../route.ts';
import { applyPolicy } from '../setting-definitions.ts';
import { validationFailed } from '../terms.ts';

/** What a policy says; the broker tells what is wrong with it. */
const policyBody = v.object({
  'pattern': v.nonOptional(anything), 'definition': v.nonOptional(object),
  'priority': v.optional(anything), 'apply-to': v.optional(v.any()),
});

interface Kind {
  readonly path: string;
  readonly noun: string;
  /** Who may look at a single one, and change it. */
  readonly access: Access;
  readonly of: (vhost: VirtualHost) => Policies;
  /** Whether reasons are told as a page shows them. */
  readonly escaped: boolean;
}

const kinds: readonly Kind[] = [
  {
    path: '/api/policies', noun: 'policies', access: 'vhost-policymaker', escaped: true,
    of: ({ policies }) => policies,
  },
  {
    path: '/api/operator-policies', noun: 'operator policies', access: 'administrator',
    escaped: false, of: ({ operatorPolicies }) => operatorPolicies,
  },
];

function vhostOf({ broker, names }: Call, missing: () => Error): VirtualHost {
  const vhost = broker.vhosts.get(names['vhost']!);
  if (vhost === undefined) throw missing();
  return vhost;
}

function routesOf({ path, noun, access, of, escaped }: Kind): readonly Route[] {
  const one = `${path}/:vhost/:name`;
  const policyOf = (call: Call) => (
    call.found(of(vhostOf(call, objectNotFound)).get(call.name('name'))));
  return [
    list(path, 'management', `All ${noun}`, policyTable,
      ({ vhosts }) => vhosts.flatMap((vhost) => of(vhost).list)),
    list(`${path}/:vhost`, 'vhost', `The ${noun} of a virtual host`, policyTable,
      ({ vhost }) => of(vhost).list),
    single(one, access, `One of the ${noun}`, policyTable, policyOf),
    change('PUT', one, access, {
      says: `Make or change one of the ${noun}, which holds at once`, body: policyBody,
    }, (call, body) => {
      const policies = of(vhostOf(call, () => notFound('vhost_not_found')));
      const name = call.name('name');
      const isNew = policies.get(name) === undefined;
      try {
        applyPolicy(policies, name, body);
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        throw badRequest(validationFailed(error.message, escaped));
      }
      return put(isNew);
    }),
    act('DELETE', one, access, { says: `Delete one of the ${noun}` }, (call) => {
      of(call.vhost).delete(policyOf(call).name);
      return done;
    }),
  ];
}

/** Policies and operator policies. */
export const policyRoutes: readonly Route[] = kinds.flatMap(routesOf);
