import type { Chance } from './chance.ts';
import type { Plan } from './plan.ts';
import type { ClientChannel, SimClient } from './sim-client.ts';

type Offence = (client: SimClient, channel: ClientChannel, plan: Plan) => void;

/** What a client may not do; the broker ends the channel or the connection, and nothing else. */
const offences: readonly Offence[] = [
  (client, { number }) => client.send(number, 'basic.ack', { deliveryTag: 1_000_000 }),
  (client, { number }) => client.send(number, 'basic.consume', { queue: 'no such queue' }),
  (client, { number }) => client.publish(number, [{
    exchange: 'no such exchange', routingKey: '', mandatory: false, body: new Uint8Array(3),
    properties: { messageId: 'to nowhere' },
  }]),
  // No queue: it may be away when this comes, and would be another one from then on.
  (client, { number }, { exchanges }) => client.send(number, 'exchange.declare', {
    exchange: exchanges[0]!.name, type: 'direct', durable: false,
  }),
  (client, { number, mode }) => {
    if (mode !== 'transaction') client.send(number, 'tx.commit');
  },
  (client, { number }) => client.send(number, 'basic.qos', { prefetchSize: 1 }),
  (client, { number }) => client.send(number, 'basic.recover', { requeue: false }),
  (client, { number }) => client.sendAnyway(number, 'channel.open'),
  (client, { number }) => client.sendAnyway(number, 'channel.open-ok'),
  (client, { number }) => client.sendAnyway(number, 'connection.tune-ok'),
  (client, { number }) => client.sendAnyway(number, 'basic.deliver'),
  (client) => client.sendAnyway(0, 'connection.open'),
  (client) => client.sendAnyway(99, 'basic.get'),
  // A publish whose header never comes.
  (client, { number }) => {
    client.sendAnyway(number, 'basic.publish');
    client.sendAnyway(number, 'basic.qos');
  },
  (client) => client.sendBytes(Uint8Array.of(1, 0, 1, 0, 0, 0, 4, 0, 99, 0, 99, 0xce)),
  (client) => client.sendBytes(Uint8Array.of(3, 0, 1, 0, 0, 0, 1, 65, 0xce)),
  (client) => client.sendBytes(Uint8Array.of(1, 0, 1, 0, 0, 0, 1, 65, 0xcf)),
  (client) => client.sendBytes(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')),
];

export function breakTheRules(
  client: SimClient, channel: ClientChannel, chance: Chance, plan: Plan,
): void {
  chance.pick(offences)(client, channel, plan);
}
