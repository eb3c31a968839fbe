import { AmqpError } from '../errors.ts';
import type { FieldTable } from '../protocol/types.ts';
import type { Guard } from './access/guard.ts';
import { textArgument } from './definition/argument-checks.ts';
import { checkExchangeType } from './exchange/types.ts';
import { resourceText } from './reply-text.ts';
import { checkReserved } from './names.ts';
import type { VirtualHost } from './virtual-host.ts';

/**
 * What has to be allowed before something is declared or bound, in RabbitMQ's order: what clients
 * do by AMQP and what users do over HTTP is asked here alike. Each throws 403 where it is not
 * allowed, and the error that comes before that where there is one.
 */

/** Of a queue that exists, its name alone is looked at. */
export function permitQueueDeclare(
  guard: Guard, vhost: VirtualHost, name: string, table: FieldTable,
): void {
  const isNew = !vhost.queues.has(name);
  if (isNew && !name.startsWith('amq.gen-')) checkReserved('queue', name);
  guard.queue('configure', name);
  if (!isNew) return;
  vhost.checkQueueLimit(name);
  const text = resourceText('queue', name, vhost.name);
  const target = textArgument(table, 'x-dead-letter-exchange', text);
  if (target === undefined) return;
  guard.queue('read', name);
  guard.exchange('write', target);
}

/** Of an exchange that exists, its name alone is looked at. */
export function permitExchangeDeclare(
  guard: Guard, vhost: VirtualHost, name: string, type: string, table: FieldTable,
): void {
  checkExchangeType(type);
  guard.exchange('configure', name);
  if (vhost.exchanges.has(name)) return;
  checkReserved('exchange', name);
  const text = resourceText('exchange', name, vhost.name);
  const target = textArgument(table, 'alternate-exchange', text);
  if (target === undefined) return;
  guard.exchange('read', name);
  guard.exchange('write', target);
}

/** What a binding leads to. */
export interface BindingEnd {
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
}

/** To bind or to unbind; whether anything of it exists is looked at later. */
export function permitBinding(
  guard: Guard, vhost: VirtualHost, destination: BindingEnd, source: string, routingKey: string,
): void {
  const { kind, name } = destination;
  if (kind === 'queue') guard.queue('write', name);
  else guard.exchange('write', name);
  if (kind === 'exchange') checkNotDefault(name);
  checkNotDefault(source);
  guard.exchange('read', source);
  guard.topic('read', vhost.exchanges.get(source), routingKey);
}

/** The default exchange is not declared, deleted or bound by anybody. EXC-13. */
export function checkNotDefault(exchange: string): void {
  if (exchange !== '') return;
  throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}
