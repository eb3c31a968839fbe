import type { ServerConnection } from '../../broker/connection/server-connection.ts';
import { flags, nulls, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { trafficDetails } from './rates.ts';
import { processColumns } from './runtime.ts';

/** What is said of how the connection is doing. */
function stateOf({ blocked, inFlow, session }: ServerConnection): string {
  if (session.state !== 'running') return session.state;
  return blocked ? 'blocked' : inFlow ? 'flow' : 'running';
}

/** A connection as RabbitMQ's API shows it. */
export const connectionTable = new Table<ServerConnection>('connection', {
  name: texts(({ info }) => info.name),
  node: texts((_connection, { broker }) => broker.options.node),
  vhost: texts(({ info }) => info.vhost),
  user: texts(({ info }) => info.user),
  user_who_performed_action: texts(({ info }) => info.user),
  user_provided_name: texts(({ info: { clientProperties } }) => {
    const { connection_name: name } = clientProperties;
    return typeof name === 'string' ? name : undefined;
  }),
  protocol: texts(() => 'AMQP 0-9-1'),
  type: texts(({ info }) => (info.transport === 'memory' ? 'direct' : 'network')),
  transport: texts(({ info }) => info.transport),
  state: texts(stateOf),
  host: texts(({ info: { link } }) => link.local?.address ?? ''),
  port: numbers(({ info: { link } }) => link.local?.port ?? 0),
  peer_host: texts(({ info: { link } }) => link.address),
  peer_port: numbers(({ info: { link } }) => link.port),
  ssl: flags(({ info: { link, transport } }) => link.secure && transport !== 'memory'),
  ssl_protocol: nulls(),
  ssl_key_exchange: nulls(),
  ssl_cipher: nulls(),
  ssl_hash: nulls(),
  peer_cert_subject: nulls(),
  peer_cert_issuer: nulls(),
  peer_cert_validity: nulls(),
  auth_mechanism: texts(({ info }) => info.mechanism),
  connected_at: numbers(({ info }) => Math.floor(info.connectedAt)),
  channels: numbers(({ channelCount }) => channelCount),
  channel_max: numbers(({ tuned }) => tuned.channelMax),
  frame_max: numbers(({ tuned }) => tuned.frameMax),
  timeout: numbers(({ tuned }) => tuned.heartbeat),
  client_properties: objects(({ info }) => info.clientProperties),
  recv_oct: numbers(({ traffic }) => traffic.receivedBytes),
  recv_cnt: numbers(({ traffic }) => traffic.receivedChunks),
  send_oct: numbers(({ traffic }) => traffic.sentBytes),
  send_cnt: numbers(({ traffic }) => traffic.sentBatches),
  ...trafficDetails(),
  send_pend: numbers(() => 0),
  ...processColumns(),
});
