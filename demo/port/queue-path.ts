/** A queue in the paths of the management API: `%2F/tasks`. */
export function queuePath(vhost: string, queue: string): string {
  return `${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
}

/** The place of the app that shows the messages of a queue. */
export function queueRoute(vhost: string, queue: string): string {
  return `/queues?q=${encodeURIComponent(queue)}&vhost=${encodeURIComponent(vhost)}`;
}
