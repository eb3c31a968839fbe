import { filter, takeUntil, type Subscription } from 'rxjs';
import {
  dissectFrames, summarize, type Broker, type BrokerEvent, type ConnectionInfo, type FrameEvent,
} from '../core/index.ts';
import type { Log, LogComponent, LogFields, LogLevel } from './log.ts';

type EventType = BrokerEvent['type'];

/** How much each event matters to somebody who watches a broker run. */
const eventLevels: Readonly<Record<EventType, Exclude<LogLevel, 'silent'>>> = {
  'connection.opened': 'info',
  'connection.refused': 'warn',
  'connection.closed': 'info',
  'connection.blocked': 'info',
  'connection.unblocked': 'info',
  'connection.flow': 'debug',
  'connection.failed': 'error',
  'channel.opened': 'debug',
  'channel.closed': 'debug',
  'exchange.declared': 'debug',
  'exchange.deleted': 'debug',
  'queue.declared': 'debug',
  'queue.deleted': 'debug',
  'queue.paused': 'info',
  'queue.resumed': 'info',
  'queue.trouble': 'warn',
  'binding.added': 'debug',
  'binding.removed': 'debug',
  'consumer.added': 'debug',
  'consumer.removed': 'debug',
  'message.dead-lettered': 'debug',
  'message.dead-letter-limit': 'warn',
  'alarm.set': 'warn',
  'alarm.cleared': 'warn',
  'journal.trouble': 'error',
  'broker.stopping': 'info',
};

/** Writes what happens in a broker to a log, and each frame too where the log shows traces. */
export function logBroker(broker: Broker, log: Log): Subscription {
  const logging = broker.events$.subscribe((event) => logEvent(event, log));
  // Frames are made known only while somebody looks, and that costs.
  if (log.shows('connection', 'trace')) {
    logging.add(broker.frames$.subscribe((event) => logFrames(event, log)));
  }
  return logging;
}

/** Publishes the lines of the log to the broker's log exchange, until it stops. */
export function tellOfLog(broker: Broker, log: Log): void {
  const stopping$ = broker.events$.pipe(filter(({ type }) => type === 'broker.stopping'));
  log.line$.pipe(takeUntil(stopping$)).subscribe(({ level, component, text }) => {
    const word = level === 'warn' ? 'warning' : level as 'debug' | 'info' | 'error';
    broker.logExchange.write(word, `${component}: ${text}`);
  });
}

function logEvent(event: BrokerEvent, log: Log): void {
  const { type, at: _at, ...facts } = event;
  const [component, text] = type.split('.') as [LogComponent, string];
  const level = levelOf(event);
  if (log.shows(component, level)) log.write(component, level, text, fieldsOf(facts));
}

function levelOf(event: BrokerEvent): Exclude<LogLevel, 'silent'> {
  // Space that comes back is the end of a trouble.
  if (event.type === 'journal.trouble' && event.kind === 'space') return 'info';
  if ('deadLetterCycle' in event) return 'warn';
  return eventLevels[event.type];
}

/** The facts of an event, without those that say nothing. */
function fieldsOf(facts: LogFields): LogFields {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (name === 'connection') Object.assign(fields, connectionFields(value as ConnectionInfo));
    // The name under which pino writes out an error with its cause and stack.
    else if (name === 'error') fields['err'] = value;
    else if (value !== '') fields[name] = value;
  }
  return fields;
}

function connectionFields(connection: ConnectionInfo): LogFields {
  const { id, peer, transport, user, vhost } = connection;
  return { connection: id, peer, transport, ...(user !== '' && { user, vhost }) };
}

function logFrames({ connection, direction, bytes }: FrameEvent, log: Log): void {
  for (const frame of dissectFrames(bytes)) {
    log.write('connection', 'trace', `${direction.padEnd(3)} ${summarize(frame)}`, { connection });
  }
}
