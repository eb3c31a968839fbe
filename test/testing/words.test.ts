/** Options as a test without a compiler may misspell them: what means nothing is refused, or it would never fail. */
import { expect, test } from 'vitest';
import { Broker } from '../../core/index.ts';
import { startTestBroker, type TestBroker } from '../../node/testing/index.ts';
import { ownBroker } from './own-broker.ts';

test.each<[object, string]>([
  [{ clocks: 'virtual' }, "a test broker has no option 'clocks', but topology, unsupported, clock,"],
  [{ clock: 'virtaul' }, "clock of a test broker is wall or virtual, and not 'virtaul'"],
  [{ leaks: 'throw' }, "leaks of a test broker is report or fail or ignore, and not 'throw'"],
  [{ constructor: 1 }, "has no option 'constructor'"],
  [{ topology: '{"queues":[]}' }, 'as JSON.parse gives them'],
  [{ topology: [] }, 'topology is definitions, such as { queues: [...] }, or a function that declares, and not a list'],
  [{ users: ['bob'] }, "users is a list of { name, password }, such as [{ name: 'bob', password: 'secret' }], and"],
  [{ users: [] }, 'users is a list of { name, password }'],
  [{ vhosts: 'orders' }, "vhosts is a list of names, such as ['orders'], and not 'orders'"],
  [{ seed: 'a' }, "seed is a whole number, and not 'a'"],
  [{ startAt: 'now' }, "startAt is a Date, and not 'now'"],
])('does not start with %j', async (options, text) => {
  await expect(startTestBroker(options)).rejects.toThrow(TypeError);
  await expect(startTestBroker(options)).rejects.toThrow(text);
});

test('what is there but undefined says nothing', async () => {
  expect(await ownBroker({ clock: undefined, timeout: undefined } as object)).toMatchObject({ host: '127.0.0.1' });
});

test.each(['expectRouted', 'expectDeadLettered'] as const)('%s expects nothing that there is not', async (name) => {
  const broker = await ownBroker();
  await expect(broker[name]({ queue: 'q' } as object)).rejects.toThrow(`${name} has no option 'queue', but vhost,`);
  await expect(broker[name]({}, { within: '1s' } as object)).rejects.toThrow("a wait has no option 'within'");
});

test.each<[string, (broker: TestBroker) => unknown, string]>([
  ['drop', ({ faults }) => faults.drop({ kind: 'closed' as never }), "kind of drop is reset or close"],
  ['stopReading', ({ faults }) => faults.stopReading({ name: 'x' } as never), "has no option 'name', but connection"],
  ['delayConfirms', ({ faults }) => faults.delayConfirms('1s', { name: 'x' } as never), "has no option 'name'"],
  ['withholdConfirms', ({ faults }) => faults.withholdConfirms({ name: 'x' } as never), "has no option 'name'"],
  ['refuseLogins', ({ faults }) => faults.refuseLogins({ count: 1 } as never), "has no option 'count'"],
  ['restart', ({ faults }) => faults.restart({ durable: false } as never), "has no option 'durable'"],
])('a fault: %s', async (_name, begin, text) => {
  const broker = await ownBroker();
  expect(() => begin(broker)).toThrow(text);
  expect(broker.faults.active).toEqual([]);
});

test('waits for no event that never comes', async () => {
  const broker = await ownBroker();
  await expect(broker.waitFor('consumer.add' as never)).rejects.toThrow(
    /^there is no event 'consumer\.add', but .*consumer\.added/,
  );
});

test('a broker in process takes no name that means nothing', () => {
  const [env, options] = [{ clok: 1 }, { vhost: '/' }] as object[];
  expect(() => new Broker(env)).toThrow("what a broker is given has no 'clok', but clock, sessionClock");
  expect(() => new Broker({}, options)).toThrow("the set of options of a broker has no 'vhost', but vhosts, users");
  expect(() => new Broker().vhost().declareQueue({ queu: 'q' } as never)).toThrow(
    "declareQueue has no 'queu', but queue, durable, exclusive, autoDelete, arguments",
  );
});
