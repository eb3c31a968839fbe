import type { TapEvent } from '../../core/management/index.ts';

/**
 * The ways of the picture that a message takes with this event: from a publisher to an exchange,
 * over a binding, from a queue to a consumer. Empty for all other events.
 */
export function edgesOf(event: TapEvent): readonly string[] {
  switch (event.type) {
    case 'message.published':
      return [publishEdge(event.owner, event.exchange)];
    case 'message.routed':
      return event.matched.map((binding) => bindingEdge(
        binding.source, binding.destinationKind, binding.destination, binding.routingKey,
      ));
    case 'message.delivered':
      return [deliverEdge(event.queue, event.owner, event.consumerTag)];
    default:
      return [];
  }
}

/** `owner` is `connection-1/3`. */
export function publishEdge(owner: string, exchange: string): string {
  return JSON.stringify(['publish', owner, exchange]);
}

export function bindingEdge(
  source: string, kind: 'queue' | 'exchange', destination: string, routingKey: string,
): string {
  return JSON.stringify(['binding', source, kind, destination, routingKey]);
}

export function deliverEdge(queue: string, owner: string, consumerTag: string): string {
  return JSON.stringify(['deliver', queue, owner, consumerTag]);
}
