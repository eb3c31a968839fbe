/** Exchanges that every virtual host has from the start. EXC-12. */
export const predeclared = [
  ['amq.direct', 'direct', false], ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false], ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false], ['amq.rabbitmq.trace', 'topic', true],
] as const;

/** Whether the broker made this exchange itself: it is the default one, or its name says so. */
export function isPredeclared(exchange: string): boolean {
  return exchange === '' || exchange.startsWith('amq.');
}
