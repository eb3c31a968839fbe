import type { FieldTable, FieldValue } from '../protocol/types.ts';
import type { Method } from '../session/hooks.ts';

/** Something that a method does to a queue or an exchange, as permissions see it. */
export interface Deed {
  readonly permission: 'configure' | 'write' | 'read' | 'any';
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
  /** Routing key of a publish or a binding of this exchange. */
  readonly routingKey?: string;
}

/** Queue whose name the upstream makes: what it begins with is known. */
const MADE_NAME = 'amq.gen-';
const REPLY_QUEUE = 'amq.rabbitmq.reply-to';

/** What a method needs, as RabbitMQ has it; a passive declaration needs any of the three. */
export function deedsOf({ name, args }: Method): readonly Deed[] {
  switch (name) {
    case 'exchange.declare': {
      if (args.passive) return [deed('any', 'exchange', args.exchange)];
      const other = textIn(args.arguments, 'alternate-exchange');
      return [deed('configure', 'exchange', args.exchange), ...(other === undefined ? [] : [
        deed('read', 'exchange', args.exchange), deed('write', 'exchange', other)])];
    }
    case 'exchange.delete':
      return [deed('configure', 'exchange', args.exchange)];
    case 'exchange.bind':
    case 'exchange.unbind':
      return [deed('write', 'exchange', args.destination),
        { ...deed('read', 'exchange', args.source), routingKey: args.routingKey }];
    case 'queue.declare': {
      const queue = args.queue === '' ? MADE_NAME : args.queue;
      if (args.passive) return [deed('any', 'queue', queue)];
      const letters = textIn(args.arguments, 'x-dead-letter-exchange');
      return [deed('configure', 'queue', queue), ...(letters === undefined ? [] : [
        deed('read', 'queue', queue), deed('write', 'exchange', letters)])];
    }
    case 'queue.delete':
      return [deed('configure', 'queue', args.queue)];
    case 'queue.purge':
      return [deed('read', 'queue', args.queue)];
    case 'queue.bind':
    case 'queue.unbind':
      return [deed('write', 'queue', args.queue),
        { ...deed('read', 'exchange', args.exchange), routingKey: args.routingKey }];
    case 'basic.consume':
    case 'basic.get':
      return args.queue === REPLY_QUEUE ? [] : [deed('read', 'queue', args.queue)];
    default:
      return [];
  }
}

function deed(permission: Deed['permission'], kind: Deed['kind'], name: string): Deed {
  return { permission, kind, name };
}

function textIn(table: FieldTable, key: string): string | undefined {
  const value: FieldValue | undefined = table[key];
  return typeof value === 'string' ? value : undefined;
}
