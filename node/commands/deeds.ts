import { StartError } from '../start-error.ts';
import type { ApiRequest } from './api-client.ts';
import { pathOf, type CommandOption, type DeedCommand, type Given } from './command.ts';

type Requests = (given: Given) => ApiRequest | readonly ApiRequest[];

function deed(
  name: string, alias: string, takes: string, says: string, requests: Requests,
  options?: readonly CommandOption[],
): DeedCommand {
  return {
    kind: 'deed', name, aliases: [alias], takes, says, ...(options && { options }),
    requests: (given) => [requests(given)].flat(),
  };
}

const put = (path: string, body: unknown): ApiRequest => ({ method: 'PUT', path, body });
const remove = (path: string): ApiRequest => ({ method: 'DELETE', path });

/** JSON that a person wrote. Errors: StartError. */
function json(text: string | undefined, what: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw new StartError(`The ${what} is not JSON: ${(error as Error).message}.`);
  }
}

/** `{"max-connections": 5}` as one request a limit. */
function limitRequests(kind: string, of: string, text: string | undefined): ApiRequest[] {
  const limits = json(text, 'definition of limits');
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) {
    throw new StartError('The definition of limits is like {"max-connections": 5}.');
  }
  return Object.entries(limits).map(([name, value]) => put(pathOf(kind, of, name), { value }));
}

const vhostLimitNames = ['max-connections', 'max-queues'];
const userLimitNames = ['max-connections', 'max-channels'];

function policyOf({ words: [, pattern, definition], options }: Given): unknown {
  const { priority, applyTo } = options as { priority?: string; applyTo?: string };
  return {
    pattern,
    'definition': json(definition, 'definition of the policy'),
    'priority': Number(priority ?? 0),
    'apply-to': applyTo ?? 'all',
  };
}

const policyOptions: readonly CommandOption[] = [
  ['--priority <N>', 'the highest one counts (default: 0)'],
  ['--apply-to <WHAT>', 'queues, exchanges or all (default: all)'],
];

const users: readonly DeedCommand[] = [
  deed('users add', 'add_user', '<name> <password>', 'make a user',
    ({ words: [name = '', password] }) => put(pathOf('users', name), { password, tags: [] })),
  deed('users delete', 'delete_user', '<name>', 'delete a user and close its connections',
    ({ words: [name = ''] }) => remove(pathOf('users', name))),
  deed('permissions set', 'set_permissions', '<user> <configure> <write> <read>',
    'say what a user may do, by patterns of names',
    ({ vhost, words: [user = '', configure, write, read] }) => (
      put(pathOf('permissions', vhost, user), { configure, write, read }))),
  deed('permissions clear', 'clear_permissions', '<user>', 'let a user do nothing any more',
    ({ vhost, words: [user = ''] }) => remove(pathOf('permissions', vhost, user))),
  deed('topic-permissions set', 'set_topic_permissions', '<user> <exchange> <write> <read>',
    'say which routing keys a user may use',
    ({ vhost, words: [user = '', exchange, write, read] }) => (
      put(pathOf('topic-permissions', vhost, user), { exchange, write, read }))),
  deed('topic-permissions clear', 'clear_topic_permissions', '<user> [exchange]',
    'let a user use every routing key',
    ({ vhost, words: [user = '', ...exchange] }) => (
      remove(pathOf('topic-permissions', vhost, user, ...exchange)))),
  deed('users limit', 'set_user_limits', '<user> <definition>',
    'limit a user, as by {"max-connections": 5, "max-channels": 100}',
    ({ words: [user = '', limits] }) => limitRequests('user-limits', user, limits)),
  deed('users unlimit', 'clear_user_limits', '<user> [limit]', 'take limits from a user',
    ({ words: [user = '', limit = 'all'] }) => (
      (limit === 'all' ? userLimitNames : [limit])
        .map((name) => remove(pathOf('user-limits', user, name))))),
];

const vhosts: readonly DeedCommand[] = [
  deed('vhosts add', 'add_vhost', '<name>', 'make a virtual host',
    ({ words: [name = ''], options: { description, tags } }) => put(pathOf('vhosts', name), {
      ...(description !== undefined && { description }), ...(tags !== undefined && { tags }),
    }), [
      ['--description <TEXT>', 'what it is for'], ['--tags <TAGS>', 'between commas'],
    ]),
  deed('vhosts delete', 'delete_vhost', '<name>', 'delete a virtual host and all that is in it',
    ({ words: [name = ''] }) => remove(pathOf('vhosts', name))),
  deed('limits set', 'set_vhost_limits', '<definition>',
    'limit a virtual host, as by {"max-connections": 5, "max-queues": 10}',
    ({ vhost, words: [limits] }) => limitRequests('vhost-limits', vhost, limits)),
  deed('limits clear', 'clear_vhost_limits', '', 'take all limits from a virtual host',
    ({ vhost }) => vhostLimitNames.map((name) => remove(pathOf('vhost-limits', vhost, name)))),
  deed('trace on', 'trace_on', '', 'copy each message that goes through to amq.rabbitmq.trace',
    ({ vhost }) => put(pathOf('vhosts', vhost), { tracing: true })),
  deed('trace off', 'trace_off', '', 'stop that',
    ({ vhost }) => put(pathOf('vhosts', vhost), { tracing: false })),
];

const policies: readonly DeedCommand[] = [
  deed('policies set', 'set_policy', '<name> <pattern> <definition>', 'set a policy',
    (given) => put(pathOf('policies', given.vhost, given.words[0]!), policyOf(given)),
    policyOptions),
  deed('policies clear', 'clear_policy', '<name>', 'lift a policy',
    ({ vhost, words: [name = ''] }) => remove(pathOf('policies', vhost, name))),
  deed('operator-policies set', 'set_operator_policy', '<name> <pattern> <definition>',
    'set an operator policy',
    (given) => put(pathOf('operator-policies', given.vhost, given.words[0]!), policyOf(given)),
    policyOptions),
  deed('operator-policies clear', 'clear_operator_policy', '<name>', 'lift an operator policy',
    ({ vhost, words: [name = ''] }) => remove(pathOf('operator-policies', vhost, name))),
  deed('parameters set', 'set_parameter', '<component> <name> <value>',
    'set a parameter of a component',
    ({ vhost, words: [component = '', name = '', value] }) => (
      put(pathOf('parameters', component, vhost, name), { value: json(value, 'value') }))),
  deed('parameters clear', 'clear_parameter', '<component> <name>', 'take it away',
    ({ vhost, words: [component = '', name = ''] }) => (
      remove(pathOf('parameters', component, vhost, name)))),
  deed('global-parameters set', 'set_global_parameter', '<name> <value>',
    'set a parameter of the broker',
    ({ words: [name = '', value] }) => (
      put(pathOf('global-parameters', name), { value: json(value, 'value') }))),
  deed('global-parameters clear', 'clear_global_parameter', '<name>', 'take it away',
    ({ words: [name = ''] }) => remove(pathOf('global-parameters', name))),
];

const queues: readonly DeedCommand[] = [
  deed('purge', 'purge_queue', '<queue>', 'drop what waits in a queue',
    ({ vhost, words: [queue = ''] }) => remove(`${pathOf('queues', vhost, queue)}/contents`)),
  deed('delete', 'delete_queue', '<queue>', 'delete a queue',
    ({ vhost, words: [queue = ''], options: { ifEmpty, ifUnused } }) => {
      const conditions = [
        ...(ifEmpty === true ? ['if-empty=true'] : []),
        ...(ifUnused === true ? ['if-unused=true'] : []),
      ];
      const query = conditions.length === 0 ? '' : `?${conditions.join('&')}`;
      return remove(`${pathOf('queues', vhost, queue)}${query}`);
    }, [
      ['-e, --if-empty', 'only where no message waits in it'],
      ['-u, --if-unused', 'only where it has no consumer'],
    ]),
  deed('pause', 'pause_queue', '<queue>', 'let a queue take messages and deliver none',
    ({ vhost, words: [queue = ''] }) => put(`${pathOf('queues', vhost, queue)}/pause`, {})),
  deed('resume', 'resume_queue', '<queue>', 'let a paused queue deliver again',
    ({ vhost, words: [queue = ''] }) => put(`${pathOf('queues', vhost, queue)}/resume`, {})),
  deed('close', 'close_connection', '<connection> [reason]', 'close a connection by its name',
    ({ words: [name = '', reason] }) => ({
      ...remove(pathOf('connections', name)),
      headers: reason === undefined ? {} : { 'x-reason': reason },
    })),
];

/** What a person may have the broker do, by one request or several. */
export const deeds: readonly DeedCommand[] = [...users, ...vhosts, ...policies, ...queues];
