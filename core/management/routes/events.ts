import { Raw } from '../answer.ts';
import { eventStream } from '../event-stream.ts';
import { stream, type Route } from '../route.ts';

/** What happens, as it does. */
export const eventRoutes: readonly Route[] = [
  stream('/api/events', 'monitoring', {
    says: 'What happens in the broker, as server-sent events', mediaType: 'text/event-stream',
  }, ({ broker }) => new Raw(eventStream(broker.events$, broker.clock), {
    'content-type': 'text/event-stream',
  })),
];
