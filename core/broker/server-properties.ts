import type { FieldTable } from '../protocol/types.ts';

/** Whose extensions and reply codes are spoken, and since when it has spoken them so. */
const DIALECT = { product: 'RabbitMQ', version: '4.1.0' };

const CAPABILITIES = [
  'publisher_confirms', 'exchange_exchange_bindings', 'basic.nack', 'consumer_cancel_notify',
  'connection.blocked', 'consumer_priorities', 'authentication_failure_close',
  'per_consumer_qos', 'direct_reply_to',
];

/**
 * What connection.start tells of the server. Client libraries take product and version for the
 * dialect that is spoken: kombu, for one, reads from them what basic.qos means. CON-03, CON-04.
 */
export function serverProperties({ node, platform, version }: {
  readonly node: string; readonly platform: string; readonly version: string;
}): FieldTable {
  return {
    ...DIALECT,
    capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, true])),
    cluster_name: node,
    copyright: 'Copyright (c) the TabMQ authors',
    information: `This is TabMQ ${version}. Licensed under the Apache License 2.0`,
    platform,
  };
}
