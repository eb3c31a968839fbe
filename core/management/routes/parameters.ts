import * as v from 'valibot';
import { done, put } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { anything } from '../body.ts';
import type { Call } from '../call.ts';
import { globalParameterTable, parameterTable } from '../objects/setting-tables.ts';
import { act, change, get, list, single, type Route } from '../route.ts';
import {
  applyParameter, parameterDefinitions, type ParameterDefinition,
} from '../setting-definitions.ts';
import { SettingError } from '../../broker/definition/setting-error.ts';
import { validationFailed } from '../terms.ts';
import { clusterName } from '../objects/overview.ts';
import { text } from '../body.ts';

const valueBody = v.object({ value: v.nonOptional(anything) });
const ONE = '/api/parameters/:component/:vhost/:name';

/** Components that there are parameters of. */
const components = ['shovel', 'federation-upstream', 'federation-upstream-set'];

/** The parameters that the caller may see. */
function shown({ broker, caller }: Call): readonly ParameterDefinition[] {
  return parameterDefinitions(broker).filter(({ vhost }) => caller.sees(vhost));
}

function ofComponent(call: Call): readonly ParameterDefinition[] {
  const { component, vhost } = call.names;
  return shown(call).filter((each) => (
    each.component === component && (vhost === undefined || each.vhost === vhost)));
}

function parameterOf(call: Call): ParameterDefinition {
  return call.found(ofComponent(call).find(({ name }) => name === call.names['name']));
}

function putParameter(call: Call, { value }: v.InferOutput<typeof valueBody>): unknown {
  const { broker, vhost } = call;
  const [component, name] = [call.name('component'), call.name('name')];
  if (component === 'policy') throw badRequest('policies may not be set using this method');
  const isOfBroker = component === 'vhost-limits' || component === 'operator_policy';
  if (!isOfBroker && !components.includes(component)) {
    throw badRequest(validationFailed(`component ${component} not found`, true));
  }
  const isNew = !ofComponent(call).some((each) => each.name === name);
  try {
    applyParameter(broker, { component, name, vhost: vhost.name, value });
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw badRequest(validationFailed(error.message, !isOfBroker));
  }
  return put(isNew);
}

function deleteParameter(call: Call): unknown {
  const { component, vhost: vhostName, name } = parameterOf(call);
  const { broker, vhost } = call;
  if (component === 'vhost-limits') vhost.limits.clearAll();
  else if (component === 'operator_policy') vhost.operatorPolicies.delete(name);
  else broker.parameters.delete(component, vhostName, name);
  return done;
}

/** Parameters of components, and of the whole broker. */
export const parameterRoutes: readonly Route[] = [
  list('/api/parameters', 'policymaker', 'All parameters', parameterTable, shown),
  list('/api/parameters/:component', 'policymaker', 'The parameters of a component',
    parameterTable, ofComponent),
  list('/api/parameters/:component/:vhost', 'vhost-policymaker',
    'The parameters of a component in a virtual host', parameterTable, ofComponent),
  single(ONE, 'vhost-policymaker', 'One parameter', parameterTable, parameterOf),
  change('PUT', ONE, 'vhost-policymaker', {
    says: 'Set a parameter', body: valueBody,
  }, putParameter),
  act('DELETE', ONE, 'vhost-policymaker', { says: 'Delete a parameter' }, deleteParameter),
  list('/api/global-parameters', 'policymaker', 'Parameters of the whole broker',
    globalParameterTable, ({ broker }) => broker.parameters.globals),
  single('/api/global-parameters/:name', 'policymaker', 'One of them', globalParameterTable,
    (call) => call.found(call.broker.parameters.getGlobal(call.name('name')))),
  change('PUT', '/api/global-parameters/:name', 'policymaker', {
    says: 'Set a parameter of the whole broker', body: valueBody,
  }, (call, { value }) => put(call.broker.parameters.setGlobal(call.name('name'), value))),
  act('DELETE', '/api/global-parameters/:name', 'policymaker', {
    says: 'Delete a parameter of the whole broker',
  }, (call) => {
    const { name } = call.found(call.broker.parameters.getGlobal(call.name('name')));
    call.broker.parameters.deleteGlobal(name);
    return done;
  }),
  get('/api/cluster-name', 'management', {
    says: 'The name of the broker', answers: v.object({ name: v.string() }),
  }, ({ broker }) => ({ name: clusterName(broker) })),
  change('PUT', '/api/cluster-name', 'administrator', {
    says: 'Name the broker', body: v.object({ name: text }),
  }, ({ broker }, { name }) => {
    broker.parameters.setGlobal('cluster_name', name);
    return done;
  }),
];
