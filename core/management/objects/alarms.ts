import type { Broker } from '../../broker/broker.ts';

/** What runs short or has failed, by the names that RabbitMQ has for it. */
export function alarmsOf({ alarm = '' }: Broker): readonly ('memory' | 'disk')[] {
  return (['memory', 'disk'] as const).filter((resource) => alarm.includes(resource));
}
