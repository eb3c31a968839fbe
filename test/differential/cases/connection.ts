import { textOf } from '../../support/bytes.ts';
import type { Case } from '../session.ts';
import { formatTable, type Typed } from '../values.ts';
import type { Outgoing } from '../wire.ts';
import { exclusiveQueue, handshake, method, openChannel, passive, pipelined, steps } from './vocabulary.ts';

const header = (...version: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from('AMQP'), Buffer.from(version)]);

const refusedHeader = (name: string, octets: Buffer): Case => ({
  name,
  row: 'CON-01',
  async run(session) {
    const wire = await session.connect({ until: 'header', header: octets });
    await wire.outcome();
  },
});

/** A method of the connection at a time when it does not belong. */
const untimely = (name: string, ...items: readonly Outgoing[]): Case => ({
  name,
  row: 'CON-26',
  async run(session) {
    const wire = await session.connect({ until: 'start' });
    wire.send(...items);
    await wire.outcome();
  },
});

const tuned = (row: string, name: string, channelMax: number, frameMax: number): Case =>
  handshake(row, name, { until: 'tune', tune: { 'channel-max': channelMax, 'frame-max': frameMax } });

const channelCount: Case = {
  name: 'more channels than agreed; their numbers do not matter',
  row: 'CON-27',
  async run(session) {
    const wire = await session.connect({ tune: { 'channel-max': 2 } });
    await wire.steps(openChannel(7));
    await wire.steps(openChannel(2));
  },
};

const offers: Case = {
  name: 'connection.start offers',
  row: 'CON-03 CON-04',
  async run(session) {
    const wire = await session.connect();
    const start = wire.arrivals.find((arrival) => arrival.name === 'connection.start');
    const { 'server-properties': properties, mechanisms, locales, ...version } = start?.fields ?? {};
    const capabilities = (properties as Record<string, Typed>)['capabilities']?.value;
    session.note(`version ${version['version-major']}.${version['version-minor']}`);
    session.note(`properties ${Object.keys(properties as object).sort().join(' ')}`);
    session.note(`capabilities ${formatTable(capabilities as Record<string, Typed>)}`);
    session.note(`mechanisms ${textOf(mechanisms as Uint8Array).split(' ').sort().join(' ')}`);
    session.note(`locales ${textOf(locales as Uint8Array)}`);
  },
};

const tuneValues: Case = {
  name: 'tune values offered',
  row: 'CON-13',
  async run(session) {
    const wire = await session.connect({ until: 'start-ok' });
    await wire.received('connection.tune');
  },
};

const amqplain: Case = {
  name: 'AMQPLAIN login',
  row: 'CON-08',
  async run(session) {
    const response = { LOGIN: session.user, PASSWORD: session.password };
    const wire = await session.connect({ mechanism: 'AMQPLAIN', response, until: 'start-ok' });
    await wire.outcome();
    session.note(wire.over ? 'refused' : 'accepted');
  },
};

const clientClose: Case = {
  name: 'connection.close is answered',
  row: 'CON-31',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(method('connection.close', { 'reply-code': 200 }, 0));
  },
};

const serverClose: Case = {
  name: 'the TCP connection ends after the close-ok of the client',
  row: 'CON-31',
  async run(session) {
    const wire = await session.connect();
    wire.send(method('queue.declare', { queue: 'x' }, 5));
    await wire.received('connection.close');
    wire.send(method('connection.close-ok', {}, 0));
    await wire.ended();
    session.note('ended');
  },
};

const closeWhileClosing: Case = {
  name: 'connection.close of the client while the server is closing',
  row: 'CON-31',
  async run(session) {
    const wire = await session.connect();
    wire.send(method('queue.declare', { queue: 'x' }, 5));
    await wire.received('connection.close');
    wire.send(method('connection.close', { 'reply-code': 200 }, 0));
    await wire.until('connection.close-ok', () => wire.arrivals.at(-1)?.name === 'connection.close-ok');
  },
};

const exclusiveGone: Case = {
  name: 'exclusive queues are deleted before close-ok',
  row: 'CON-31',
  async run(session) {
    const owner = await session.connect();
    const other = await session.connect();
    await owner.steps(exclusiveQueue('p.q'), method('connection.close', { 'reply-code': 200 }, 0));
    await other.steps(passive('p.q'));
    await other.settle();
  },
};

export const connectionCases: readonly Case[] = [
  refusedHeader('bad protocol header "HTTP/1.1"', Buffer.from('HTTP/1.1')),
  refusedHeader('protocol header AMQP 0-8-0', header(1, 1, 8, 0)),
  refusedHeader('protocol header AMQP 0-9-2', header(0, 0, 9, 2)),
  refusedHeader('protocol header AMQP 1.0 with SASL', header(3, 1, 0, 0)),
  handshake('CON-01', 'protocol header AMQP 0-9 of old', { header: header(1, 1, 0, 9), until: 'start-ok' }),
  handshake('CON-10', 'wrong password, capability authentication_failure_close', {
    until: 'start-ok', password: 'bad',
  }),
  handshake('CON-10', 'wrong password, no capability', { until: 'start-ok', password: 'bad', capabilities: {} }),
  handshake('CON-10', 'wrong password with AMQPLAIN', {
    until: 'start-ok', mechanism: 'AMQPLAIN', response: { LOGIN: 'guest', PASSWORD: 'bad' },
  }),
  handshake('CON-10', 'unknown user', { until: 'start-ok', response: '\0nobody\0nothing' }),
  handshake('CON-11', 'unknown SASL mechanism', { until: 'start-ok', mechanism: 'NOPE' }),
  handshake('CON-07', 'malformed PLAIN response', { until: 'start-ok', response: 'x' }),
  handshake('CON-07', 'PLAIN with an authorisation identity', { until: 'start-ok', response: 'someone\0guest\0guest' }),
  amqplain,
  tuned('CON-14', 'tune-ok channel_max above server', 65535, 131072),
  tuned('CON-14', 'tune-ok channel_max=0 (server 2047)', 0, 131072),
  tuned('CON-14', 'tune-ok frame_max below 4096/8192', 2047, 100),
  tuned('CON-14', 'tune-ok frame_max=0', 2047, 0),
  tuned('CON-14', 'tune-ok frame_max above server', 2047, 200000),
  tuned('TOP-3', 'tune-ok frame_max 4096', 2047, 4096),
  tuned('TOP-3', 'tune-ok frame_max 4095', 2047, 4095),
  tuned('CON-14', 'tune-ok channel_max=1', 1, 131072),
  handshake('CON-17', 'connection.open unknown vhost', { until: 'tune', virtualHost: 'nope' }),
  tuneValues,
  offers,
  untimely('connection.open instead of start-ok', method('connection.open', { 'virtual-host': '/' }, 0)),
  untimely('channel.open instead of start-ok', openChannel(1)),
  pipelined('CON-26', 'connection.open twice', method('connection.open', { 'virtual-host': '/' }, 0)),
  pipelined('CON-25', 'method on a channel never opened (queue.declare on ch 5)',
    method('queue.declare', { queue: 'x' }, 5)),
  pipelined('CON-25', 'basic.ack on a channel never opened', method('basic.ack', { 'delivery-tag': 1 }, 5)),
  pipelined('CON-25', 'channel.open twice', openChannel(1)),
  pipelined('CON-26', 'channel 0 non-connection method', method('queue.declare', { queue: 'q' }, 0)),
  pipelined('CON-26', 'channel.open on channel 0', openChannel(0)),
  channelCount,
  clientClose,
  serverClose,
  closeWhileClosing,
  exclusiveGone,
  steps('CON-34', 'connection.update-secret', method('connection.update-secret', {
    'new-secret': 'guest', reason: 'test',
  }, 0)),
];
