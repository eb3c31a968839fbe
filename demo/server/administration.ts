/** Who may do what, and what holds for many things, as lists. */
import { part, placeOf, type Collection, type Field, type Row } from './collection.ts';
import { nameField, userField, vhostField } from './fields.ts';


const users: Collection = {
  name: 'users', title: 'Users', path: '/api/users', empty: 'There is no user.', isPaged: false,
  columns: [
    { key: 'name', title: 'Name' },
    { key: 'tags', title: 'Tags', as: 'list' },
    { key: 'limits', title: 'Limits', as: 'table' },
    { key: 'hashing_algorithm', title: 'Password kept by' },
  ],
  actions: [{
    label: 'Delete', method: 'DELETE', path: ({ name }) => `/api/users/${part(name)}`,
    asks: ({ name }) => `Delete the user ${String(name)}? Its connections are closed.`,
  }],
  creation: {
    title: 'Add or change a user',
    fields: [
      nameField, { name: 'password', title: 'Password', kind: 'password' },
      {
        name: 'tags', title: 'Tags', isOptional: true,
        hint: 'management, policymaker, monitoring, administrator',
      },
    ],
    path: ({ name }) => `/api/users/${part(name)}`,
    body: ({ password, tags }) => ({ password, tags: String(tags).replaceAll(/\s/g, '') }),
  },
};

const patterns: readonly Field[] = (['configure', 'write', 'read'] as const).map((name) => ({
  name, title: { configure: 'Configure', write: 'Write', read: 'Read' }[name], initial: '.*',
  isOptional: true,
}));

const permissionPath = ({ vhost, user }: Row): string =>
  `/api/permissions/${part(vhost)}/${part(user)}`;

const permissions: Collection = {
  name: 'permissions', title: 'Permissions', path: '/api/permissions', isPaged: false,
  empty: 'Nobody may do anything.',
  columns: [
    { key: 'user', title: 'User' },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'configure', title: 'Configure' },
    { key: 'write', title: 'Write' },
    { key: 'read', title: 'Read' },
  ],
  actions: [{
    label: 'Clear', method: 'DELETE', path: permissionPath,
    asks: ({ user, vhost }) => `Take all permissions of ${String(user)} in ${String(vhost)} away?`,
  }],
  creation: {
    title: 'Set permissions', fields: [userField, vhostField, ...patterns],
    path: permissionPath,
  },
};

const topicPermissions: Collection = {
  name: 'topic-permissions', title: 'Topic permissions', path: '/api/topic-permissions',
  isPaged: false, empty: 'All routing keys are free to all who may write or read.',
  columns: [
    { key: 'user', title: 'User' },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'exchange', title: 'Exchange' },
    { key: 'write', title: 'Write' },
    { key: 'read', title: 'Read' },
  ],
  actions: [{
    label: 'Clear', method: 'DELETE',
    path: ({ vhost, user, exchange }) => (
      `/api/topic-permissions/${part(vhost)}/${part(user)}/${part(exchange)}`),
    asks: ({ user, exchange }) => (
      `Take the topic permission of ${String(user)} on ${String(exchange)} away?`),
  }],
  creation: {
    title: 'Set a topic permission',
    fields: [
      userField, vhostField, { name: 'exchange', title: 'Exchange', initial: 'amq.topic' },
      ...patterns.slice(1),
    ],
    path: ({ vhost, user }) => `/api/topic-permissions/${part(vhost)}/${part(user)}`,
  },
};

const vhosts: Collection = {
  name: 'vhosts', title: 'Virtual hosts', path: '/api/vhosts', empty: 'There is none.',
  columns: [
    { key: 'name', title: 'Name' },
    { key: 'description', title: 'Description' },
    { key: 'tags', title: 'Tags', as: 'list' },
    { key: 'default_queue_type', title: 'Queues are' },
    { key: 'tracing', title: 'Traced', as: 'flag' },
    { key: 'messages', title: 'Messages', as: 'number' },
  ],
  actions: [
    {
      label: 'Trace', method: 'PUT', path: ({ name }) => `/api/vhosts/${part(name)}`,
      body: () => ({ tracing: true }), isOffered: ({ tracing }) => tracing === false,
    },
    {
      label: 'Trace no more', method: 'PUT', path: ({ name }) => `/api/vhosts/${part(name)}`,
      body: () => ({ tracing: false }), isOffered: ({ tracing }) => tracing === true,
    },
    {
      label: 'Delete', method: 'DELETE', path: ({ name }) => `/api/vhosts/${part(name)}`,
      asks: ({ name }) => `Delete the virtual host ${String(name)} with all that is in it?`,
    },
  ],
  creation: {
    title: 'Add a virtual host',
    fields: [
      nameField,
      { name: 'description', title: 'Description', isOptional: true },
      {
        name: 'default_queue_type', title: 'Its queues are',
        kind: ['classic', 'quorum', 'stream'],
      },
    ],
    path: ({ name }) => `/api/vhosts/${part(name)}`,
  },
};

function policiesAt(
  path: string, name: string, title: string, one: string, targets: readonly string[],
): Collection {
  return {
    name, title, path, isPaged: false, empty: `There is no ${one}.`,
    columns: [
      { key: 'name', title: 'Name' },
      { key: 'vhost', title: 'Virtual host' },
      { key: 'pattern', title: 'Pattern' },
      { key: 'apply-to', title: 'Applies to' },
      { key: 'priority', title: 'Priority', as: 'number' },
      { key: 'definition', title: 'Definition', as: 'table' },
    ],
    actions: [{
      label: 'Delete', method: 'DELETE', path: (row) => `${path}/${placeOf(row)}`,
      asks: (row) => `Delete the ${one} ${String(row['name'])}?`,
    }],
    creation: {
      title: `Set a ${one}`,
      fields: [
        nameField, vhostField,
        { name: 'pattern', title: 'Pattern', hint: '^orders\\.' },
        { name: 'apply-to', title: 'Applies to', kind: targets },
        { name: 'priority', title: 'Priority', kind: 'number', initial: '0' },
        {
          name: 'definition', title: 'Definition', kind: 'json',
          initial: '{ "max-length": 10000 }',
        },
      ],
      path: (values) => `${path}/${placeOf(values)}`,
    },
  };
}

const policies = policiesAt('/api/policies', 'policies', 'Policies', 'policy',
  ['all', 'queues', 'classic_queues', 'quorum_queues', 'streams', 'exchanges']);
const operatorPolicies = policiesAt('/api/operator-policies', 'operator-policies',
  'Operator policies', 'operator policy',
  ['queues', 'classic_queues', 'quorum_queues', 'streams']);

const limitOf = (
  of: 'vhost' | 'user', title: string, names: readonly string[],
): Collection => ({
  name: `${of}-limits`, title, path: `/api/${of}-limits`, isPaged: false,
  empty: 'There is no limit.',
  columns: [
    { key: of, title: of === 'user' ? 'User' : 'Virtual host' },
    { key: 'value', title: 'Limits', as: 'table' },
  ],
  creation: {
    title: 'Set a limit',
    fields: [
      of === 'user' ? userField : vhostField,
      { name: 'limit', title: 'Limit', kind: names, inPath: true },
      { name: 'value', title: 'At most', kind: 'number', hint: '-1: no limit' },
    ],
    path: (values) => `/api/${of}-limits/${part(values[of])}/${part(values['limit'])}`,
  },
});

const ofAdministrators: readonly Collection[] = [
  users, permissions, topicPermissions, vhosts, operatorPolicies,
  limitOf('vhost', 'Limits of virtual hosts', ['max-connections', 'max-queues']),
  limitOf('user', 'Limits of users', ['max-connections', 'max-channels']),
].map((collection) => ({ ...collection, needs: 'administer' }));

export const administration: readonly Collection[] = [
  ...ofAdministrators, { ...policies, needs: 'makePolicies' },
];
