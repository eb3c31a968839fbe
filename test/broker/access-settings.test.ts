/** Users, permissions, policies, limits and parameters as they are set in process, and kept. */
import { describe, expect, test } from 'vitest';
import { Broker, durableIn, SettingError, VirtualClock } from '../../core/index.ts';
import { MemoryJournal } from '../../core/storage/index.ts';

const all = { configure: '.*', write: '.*', read: '.*' };

function fault(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SettingError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return '';
}

describe('passwords', () => {
  test.each([
    ['rabbit_password_hashing_sha256', 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR', 'test12'],
    ['rabbit_password_hashing_md5', 'AQIDBJkXsdLKJai4Aqpb4cUf2zg=', 'pass'],
    [
      'rabbit_password_hashing_sha512',
      'AQIDBAna3Q5x+IQYKosRM9+uQYifw0JT3ejpHkir/6Vdd8Zf2dyZ5fYxINmpI5AwHCZPp7GMTLy8yiSZPm7JTHPGUl4=', 'pass',
    ],
  ])('a hash of %s as RabbitMQ exports it', (hashingAlgorithm, passwordHash, password) => {
    const { users } = new Broker().access;
    users.put('adm', { passwordHash, hashingAlgorithm });
    expect(users.authenticated('adm', password)?.name).toBe('adm');
    expect(users.authenticated('adm', `${password} `)).toBeUndefined();
    expect(users.authenticated('nobody', password)).toBeUndefined();
  });

  test('what is no hash lets nobody in', () => {
    const { users } = new Broker().access;
    users.put('none', { passwordHash: '' });
    users.put('odd', { passwordHash: 'AQID', hashingAlgorithm: 'rabbit_password_hashing_nope' });
    users.put('unknown', {});
    for (const name of ['none', 'odd', 'unknown']) expect(users.authenticated(name, '')).toBeUndefined();
    expect(fault(() => users.put('x', { passwordHash: '%%' }))).toMatch(/^invalid: .*base64/);
    expect(fault(() => users.put('x', { passwordHash: '', password: '' }))).toMatch(/both_password/);
    expect(users.get('x')).toBeUndefined();
  });
});

test('what names somebody who is not there is refused', () => {
  const { access } = new Broker();
  expect(fault(() => access.permissions.set('eve', '/', all))).toBe("no-such-user: no user 'eve'");
  expect(fault(() => access.permissions.set('guest', 'x', all))).toBe("no-such-vhost: no virtual host 'x'");
  expect(fault(() => access.permissions.set('guest', '/', { ...all, read: '(' }))).toMatch(/^invalid: '\('/);
  expect(fault(() => access.users.delete('eve'))).toBe("no-such-user: no user 'eve'");
  expect(fault(() => access.users.setLimit('guest', 'nope', 1)))
    .toBe('invalid: Unrecognised terms [{<<"nope">>,1}] in user-limits');
});

test.each([
  [{ nope: 1 }, '[{<<"nope">>,1}] are not recognised policy settings'],
  [{}, 'no policy provided'],
  [{ 'max-length': -1 }, '-1 is not a valid maximum length'],
  [{ 'max-age': 'x' }, '<<"x">> is not a valid max age'],
  [{ 'ha-params': 1 }, 'ha-mode must be specified to specify ha-params, ha-sync-mode or ha-promote-on-shutdown'],
])('a policy of %j is refused in the words of RabbitMQ', (definition, text) => {
  const { policies } = new Broker().vhost();
  expect(fault(() => policies.set('p', { pattern: '', definition }))).toBe(`invalid: ${text}`);
});

test('all of it is there after a restart, and what was removed is not', async () => {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const start = async (on: MemoryJournal): Promise<Broker> => {
    const broker = new Broker({ clock, durability: durableIn(on) });
    await broker.recover();
    return broker;
  };
  const broker = await start(journal);
  const { access, parameters } = broker;
  expect(access.users.list.map(({ name }) => name)).toEqual(['guest']);
  const vhost = broker.ensureVhost('empty');
  vhost.describe({ description: 'ours', defaultQueueType: 'quorum' });
  access.users.put('ann', { password: 'secret', tags: ['policymaker'], limits: { 'max-channels': 3 } });
  access.users.put('bob', { password: 'secret' });
  access.permissions.set('ann', 'empty', { ...all, write: '^mine' });
  access.permissions.setTopic('ann', 'empty', 'amq.topic', { write: 'a', read: 'b' });
  access.permissions.set('bob', 'empty', all);
  vhost.policies.set('short', { pattern: '^q', definition: { 'max-length': 3 }, priority: 2 });
  vhost.operatorPolicies.set('cap', { pattern: '', definition: { expires: 1000 } });
  vhost.limits.set('max-queues', 7);
  parameters.set('shovel', 'empty', 'mover', { 'src-uri': 'amqp://' });
  parameters.setGlobal('cluster_name', 'here');
  access.users.delete('guest');
  access.users.delete('bob');

  const next = await start(journal.reopen());
  expect(next.access.users.list.map(({ name, tags, limits }) => [name, tags, limits]))
    .toEqual([['ann', ['policymaker'], { 'max-channels': 3 }]]);
  expect(next.access.users.authenticated('ann', 'secret')).toBeDefined();
  expect(next.access.permissions.list())
    .toEqual([{ user: 'ann', vhost: 'empty', configure: '.*', write: '^mine', read: '.*' }]);
  expect(next.access.permissions.getTopic('ann', 'empty', 'amq.topic')).toEqual({ write: 'a', read: 'b' });
  const again = next.vhost('empty');
  expect(again.metadata).toEqual({ description: 'ours', tags: [], defaultQueueType: 'quorum', tracing: false });
  expect(again.policies.list.map(({ name, priority, applyTo }) => [name, priority, applyTo]))
    .toEqual([['short', 2, 'all']]);
  expect(again.operatorPolicies.get('cap')!.definition).toEqual({ expires: 1000 });
  expect(again.limits.all).toEqual({ 'max-queues': 7 });
  expect(next.parameters.list()).toHaveLength(1);
  expect(next.parameters.getGlobal('cluster_name')!.value).toBe('here');

  next.removeVhost(again);
  const last = await start((next.persistence!.journal as MemoryJournal).reopen());
  expect([...last.vhosts.keys()]).toEqual(['/']);
  expect(last.access.permissions.list()).toEqual([]);
  expect(last.parameters.list()).toEqual([]);
});

test('users that a start brings along are there as long as it brings them', async () => {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  const given = [{ name: 'ann', password: 'a' }];
  const first = new Broker({ clock, durability: durableIn(journal) }, { users: given });
  await first.recover();
  expect(first.access.users.list.map(({ name }) => name)).toEqual(['ann']);
  expect(first.access.permissions.get('ann', '/')).toEqual(all);
  const second = new Broker({ clock, durability: durableIn(journal.reopen()) });
  await second.recover();
  expect(second.access.users.list.map(({ name }) => name)).toEqual(['guest']);
});
