import * as v from 'valibot';
import type { Parameter } from '../../broker/parameters.ts';
import type { Policy } from '../../broker/policy/policies.ts';
import type { ParameterDefinition } from '../setting-definitions.ts';
import { column, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';

/** A policy, or an operator policy. */
export const policyTable = new Table<Policy>('policy', {
  'vhost': texts(({ vhost }) => vhost),
  'name': texts(({ name }) => name),
  'pattern': texts(({ pattern }) => pattern),
  'apply-to': texts(({ applyTo }) => applyTo),
  'definition': objects(({ definition }) => definition),
  'priority': numbers(({ priority }) => priority),
});

/** A parameter of a component in a virtual host. */
export const parameterTable = new Table<ParameterDefinition>('parameter', {
  value: column(v.unknown(), ({ value }) => value),
  vhost: texts(({ vhost }) => vhost),
  component: texts(({ component }) => component),
  name: texts(({ name }) => name),
});

/** A parameter of the whole broker. */
export const globalParameterTable = new Table<Pick<Parameter, 'name' | 'value'>>(
  'global parameter', {
    name: texts(({ name }) => name),
    value: column(v.unknown(), ({ value }) => value),
  },
);

/** The limits of a virtual host, or of a user. */
export interface ShownLimits {
  readonly of: string;
  readonly value: Readonly<Record<string, number | undefined>>;
}

export const vhostLimitsTable = new Table<ShownLimits>('limits of a virtual host', {
  vhost: texts((limits) => limits.of),
  value: objects(({ value }) => value),
}, { nameOf: (limits) => limits.of });

export const userLimitsTable = new Table<ShownLimits>('limits of a user', {
  user: texts((limits) => limits.of),
  value: objects(({ value }) => value),
}, { nameOf: (limits) => limits.of });
