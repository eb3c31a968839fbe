import type { ClientTask } from './client-process.ts';

/** What the clients are compared in. */
export type ClientScenario = Pick<ClientTask, 'kind' | 'messages' | 'bodyBytes' | 'window'> & {
  readonly name: string;
  readonly title: string;
};

export const CLIENT_SCENARIOS: readonly ClientScenario[] = [
  {
    name: 'client-publish-16',
    title: 'publish with confirms, 16 B, 1,000 unconfirmed',
    kind: 'publish', messages: 200_000, bodyBytes: 16, window: 1000,
  },
  {
    name: 'client-publish-1k',
    title: 'publish with confirms, 1 KiB, 1,000 unconfirmed',
    kind: 'publish', messages: 100_000, bodyBytes: 1024, window: 1000,
  },
  {
    name: 'client-consume-16',
    title: 'consume and ack each, 16 B, prefetch 250',
    kind: 'consume', messages: 200_000, bodyBytes: 16, window: 250,
  },
  {
    name: 'client-consume-1k',
    title: 'consume and ack each, 1 KiB, prefetch 250',
    kind: 'consume', messages: 100_000, bodyBytes: 1024, window: 250,
  },
];
