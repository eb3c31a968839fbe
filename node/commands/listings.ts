import { pathOf, type Given, type ListingCommand } from './command.ts';
import type { Row } from './output.ts';

/** Of all virtual hosts, or of the one that is named. */
function ofVhost(noun: string): (given: Given) => string {
  return ({ vhost, namesVhost }) => (namesVhost ? pathOf(noun, vhost) : pathOf(noun));
}

function inVhost(noun: string): (given: Given) => string {
  return ({ vhost, namesVhost }) => (
    namesVhost ? pathOf('vhosts', vhost, noun) : pathOf(noun));
}

function listing(
  name: string, alias: string, says: string, path: ListingCommand['path'],
  columns: readonly string[],
): ListingCommand {
  return { kind: 'listing', name, aliases: [alias], takes: '[columns...]', says, path, columns };
}

/** `{of: {a: 1, b: 2}}` as one row a limit. */
function limitRows(answer: unknown): readonly Row[] {
  return (answer as readonly { readonly value: Row }[]).flatMap(({ value, ...of }) => (
    Object.entries(value).map(([limit, number]) => ({ ...of, limit, value: number }))));
}

/** Tables that a person may look at. */
export const listings: readonly ListingCommand[] = [
  listing('users', 'list_users', 'list users', () => '/users', ['name', 'tags']),
  listing('vhosts', 'list_vhosts', 'list virtual hosts', () => '/vhosts',
    ['name', 'messages', 'description', 'tags']),
  listing('permissions', 'list_permissions', 'list what users may do', inVhost('permissions'),
    ['user', 'vhost', 'configure', 'write', 'read']),
  {
    ...listing('users permissions', 'list_user_permissions', 'list what one user may do',
      ({ words: [user = ''] }) => pathOf('users', user, 'permissions'),
      ['vhost', 'configure', 'write', 'read']),
    takes: '<user>',
  },
  listing('topic-permissions', 'list_topic_permissions', 'list which routing keys users may use',
    inVhost('topic-permissions'), ['user', 'vhost', 'exchange', 'write', 'read']),
  {
    ...listing('users topic-permissions', 'list_user_topic_permissions',
      'list which routing keys one user may use',
      ({ words: [user = ''] }) => pathOf('users', user, 'topic-permissions'),
      ['vhost', 'exchange', 'write', 'read']),
    takes: '<user>',
  },
  listing('policies', 'list_policies', 'list policies', ofVhost('policies'),
    ['vhost', 'name', 'pattern', 'apply-to', 'definition', 'priority']),
  listing('operator-policies', 'list_operator_policies', 'list operator policies',
    ofVhost('operator-policies'),
    ['vhost', 'name', 'pattern', 'apply-to', 'definition', 'priority']),
  listing('parameters', 'list_parameters', 'list parameters of components', () => '/parameters',
    ['vhost', 'component', 'name', 'value']),
  listing('global-parameters', 'list_global_parameters', 'list parameters of the broker',
    () => '/global-parameters', ['name', 'value']),
  {
    ...listing('limits', 'list_vhost_limits', 'list limits of virtual hosts',
      ofVhost('vhost-limits'), ['vhost', 'limit', 'value']),
    rows: limitRows,
  },
  {
    ...listing('users limits', 'list_user_limits', 'list limits of users', () => '/user-limits',
      ['user', 'limit', 'value']),
    rows: limitRows,
  },
  listing('queues', 'list_queues', 'list queues', ofVhost('queues'),
    ['vhost', 'name', 'type', 'messages', 'messages_ready', 'messages_unacknowledged',
      'consumers']),
  listing('exchanges', 'list_exchanges', 'list exchanges', ofVhost('exchanges'),
    ['vhost', 'name', 'type', 'durable']),
  listing('bindings', 'list_bindings', 'list bindings', ofVhost('bindings'),
    ['vhost', 'source', 'destination', 'destination_type', 'routing_key', 'arguments']),
  listing('connections', 'list_connections', 'list connections', inVhost('connections'),
    ['name', 'user', 'vhost', 'state', 'channels']),
  listing('channels', 'list_channels', 'list channels', inVhost('channels'),
    ['name', 'user', 'vhost', 'consumer_count', 'messages_unacknowledged', 'prefetch_count']),
  listing('consumers', 'list_consumers', 'list consumers', ofVhost('consumers'),
    ['queue.vhost', 'queue.name', 'consumer_tag', 'channel_details.name', 'ack_required',
      'prefetch_count']),
];
