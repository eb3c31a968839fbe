/** Those who take what they can get, by name. */

export const LOADS = {
  'flood-20': '10 publishers without pause, amq.fanout, 20 queues',
  'flood-200': '20 publishers without pause, amq.fanout, 200 queues',
  'flood-1500': '1 publisher without pause, amq.fanout, 1,500 queues',
  'greedy-consumer': 'a consumer that never reads what a publisher sends it',
  'large-bodies': '10 publishers of 1 MiB bodies',
  'expiry': '1,000,000 messages expire at one instant',
  'purge': '1,000,000 messages are purged',
  'dead-letter-storm': 'messages that six queues dead-letter to each other',
  'import': '20,000 queues by definitions, or declared in one go',
  'connects': '1,000 connects a second',
} as const;

export type LoadName = keyof typeof LOADS;

export interface LoadTask {
  readonly load: LoadName;
  readonly amqp: number;
  /** Where definitions are taken; absent: queues are declared. */
  readonly http?: number | undefined;
  readonly scale: number;
}
