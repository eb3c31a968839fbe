import { mechanisms } from '../../session/sasl.ts';
import type { Call } from '../call.ts';
import { alarmsOf } from './alarms.ts';
import { contextsOf, exchangeTypeViews } from './overview.ts';

/** Numbers of a node that grow or change, with how fast. */
const measured = [
  'gc_num', 'gc_bytes_reclaimed', 'context_switches', 'io_read_count', 'io_read_bytes',
  'io_read_avg_time', 'io_write_count', 'io_write_bytes', 'io_write_avg_time', 'io_sync_count',
  'io_sync_avg_time', 'io_seek_count', 'io_seek_avg_time', 'io_reopen_count', 'mnesia_ram_tx_count',
  'mnesia_disk_tx_count', 'msg_store_read_count', 'msg_store_write_count',
  'queue_index_write_count', 'queue_index_read_count',
] as const;

const UNLIMITED = 1_048_576;

/** The one node, as RabbitMQ's API shows it. */
export function nodeOf(call: Call): object {
  const { broker, world } = call;
  const facts = world.process();
  const alarms = alarmsOf(broker);
  const details = (name: string, value: number): object => (
    { [name]: value, [`${name}_details`]: { rate: 0 } });
  return {
    name: broker.options.node, type: broker.persistence === undefined ? 'ram' : 'disc',
    running: true, being_drained: false, partitions: [], cluster_links: [],
    os_pid: String(facts.pid ?? 0), uptime: facts.uptimeMs ?? Math.floor(broker.clock.now()),
    run_queue: 0, processors: facts.processors ?? 1, rates_mode: 'basic', net_ticktime: 60,
    fd_total: facts.filesMax ?? UNLIMITED, sockets_total: broker.options.connectionsMax,
    proc_total: UNLIMITED,
    mem_limit: Math.floor(facts.memoryLimitBytes ?? finite(broker.options.memoryBytesMax)),
    mem_alarm: alarms.includes('memory'), mem_calculation_strategy: 'rss',
    disk_free_limit: facts.diskFreeLimitBytes ?? 0, disk_free_alarm: alarms.includes('disk'),
    ...details('mem_used', facts.memoryUsedBytes ?? broker.memory.bytes),
    ...details('fd_used', facts.filesOpen ?? 0),
    ...details('sockets_used', facts.socketsOpen ?? broker.connectionCount),
    ...details('proc_used', 1),
    ...details('disk_free', facts.diskFreeBytes ?? 0),
    ...Object.assign({}, ...measured.map((name) => details(name, 0))),
    ...call.statistics.churnRates(call.view.samples.nodeStats),
    exchange_types: exchangeTypeViews(),
    auth_mechanisms: mechanisms.map((name) => ({ name, description: name, enabled: true })),
    applications: [{
      name: 'tabmq', description: 'TabMQ', version: broker.options.version,
    }],
    contexts: contextsOf(call),
    log_files: facts.logFiles ?? [], config_files: facts.configurationFiles ?? [],
    db_dir: facts.dataDirectory ?? '', enabled_plugins: ['rabbitmq_management'],
    ra_open_file_metrics: { ra_log_wal: 0, ra_log_segment_writer: 0 },
    metrics_gc_queue_length: {
      connection_closed: 0, channel_closed: 0, consumer_deleted: 0, exchange_deleted: 0,
      queue_deleted: 0, vhost_deleted: 0, node_node_deleted: 0, channel_consumer_deleted: 0,
    },
  };
}

function finite(bytes: number): number {
  return Number.isFinite(bytes) ? bytes : 0;
}

/** What takes the memory of the node. */
export function memoryOf({ broker, world }: Call): object {
  const used = world.process().memoryUsedBytes ?? broker.memory.bytes;
  const { allocatedBytes } = broker.store;
  const other = Math.max(0, used - allocatedBytes);
  return {
    connection_readers: 0, connection_writers: 0, connection_channels: 0, connection_other: 0,
    queue_procs: 0, queue_slave_procs: 0, quorum_queue_procs: 0, quorum_queue_dlx_procs: 0,
    stream_queue_procs: 0, stream_queue_replica_reader_procs: 0,
    stream_queue_coordinator_procs: 0, plugins: 0, other_proc: other, metrics: 0, mgmt_db: 0,
    mnesia: 0, quorum_ets: 0, other_ets: 0, binary: allocatedBytes, msg_index: 0, code: 0, atom: 0,
    other_system: 0, allocated_unused: 0, reserved_unallocated: 0, strategy: 'rss',
    total: { erlang: used, rss: used, allocated: used },
  };
}

/** The same in per cent. */
export function relativeMemoryOf(call: Call): object {
  const { strategy: _strategy, total, ...parts } = memoryOf(call) as
    Record<string, number> & { readonly total: { readonly rss: number } };
  const all = Math.max(1, total.rss);
  const shares = Object.entries(parts).map(([name, bytes]) => (
    [name, Math.round((bytes as unknown as number) * 100 / all)]));
  return { ...Object.fromEntries(shares), total: 100 };
}
