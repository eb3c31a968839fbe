import type { Case } from '../session.ts';
import {
  ack, consume, deleteQueue, exclusiveQueue, declareQueue, get, method, openChannel, passive, publish, qos, steps, take,
} from './vocabulary.ts';

const closeChannel = method('channel.close', { 'reply-code': 200 });

const flowHolds: Case = {
  name: 'channel.flow active=false holds deliveries until active=true',
  row: 'CHN-02',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.q'), consume('p.q', 't', { 'no-ack': true }));
    await wire.steps(method('channel.flow', { active: false }), publish('', 'p.q', 'held'), passive('p.q'));
    await wire.steps(method('channel.flow', { active: true }));
    if (!wire.over) await wire.received('basic.deliver');
    await wire.settle();
  },
};

const inFlight: Case = {
  name: 'no basic.deliver follows the channel.close of the server',
  row: 'CON-28',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(declareQueue('p.q'));
    const messages = Array.from({ length: 100 }, (_, index) => publish('', 'p.q', String(index)));
    wire.send(...messages, consume('p.q', 't', { 'no-ack': true }), deleteQueue('p.q', { 'if-unused': true }));
    await wire.received('channel.close');
    await wire.reopen();
    const names = wire.arrivals.map((arrival) => arrival.name);
    const late = names.slice(names.indexOf('channel.close')).includes('basic.deliver');
    session.lines.length = 0;
    session.note(late ? 'basic.deliver after channel.close' : 'nothing after channel.close');
  },
};

export const channelCases: readonly Case[] = [
  steps('CHN-02', 'channel.flow active=true', method('channel.flow', { active: true })),
  steps('CHN-02', 'channel.flow active=false', method('channel.flow', { active: false })),
  flowHolds,
  steps('CHN-04', 'access.request', method('access.request', { realm: '/data' })),
  steps('CHN-01', 'channel.open', openChannel(2), openChannel(2047)),
  steps('CHN-03', 'channel.close requeues at the original positions and the number can be opened again',
    exclusiveQueue('p.q'), publish('', 'p.q', 'a'), publish('', 'p.q', 'b'), publish('', 'p.q', 'c'),
    get('p.q'), get('p.q'), passive('p.q'), closeChannel, openChannel(1), take('p.q'), take('p.q'), take('p.q')),
  steps('CHN-03', 'delivery tags begin again on a channel that is opened again',
    exclusiveQueue('p.q'), publish('', 'p.q'), get('p.q'), ack(1), closeChannel, openChannel(1), ack(1)),
  steps('CHN-03', 'channel.close removes consumers', exclusiveQueue('p.q'), consume('p.q', 't'), closeChannel,
    openChannel(1), passive('p.q')),
  steps('CHN-03', 'qos and modes do not outlive the channel', method('tx.select'), closeChannel, openChannel(1),
    method('confirm.select'), qos(1)),
  inFlight,
];
