import type { BrokerSettings } from './line.ts';
import { TabBrokerError, type TabBroker } from './tab-broker.ts';

/**
 * Opens a broker in a page that can start no worker, if the page has loaded what it takes: a
 * bundler would add the whole broker to every page otherwise.
 */
export const lastResort: { open?: (settings: BrokerSettings) => Promise<TabBroker> } = {};

const DEFAULT_NAME = 'broker';
const storages: readonly unknown[] = ['durable', 'durable-or-memory', 'memory'];

/** What was asked for, the rest by default. Throws a TabBrokerError for what cannot be. */
export function settingsOf(options: Partial<BrokerSettings>): BrokerSettings {
  const { name = DEFAULT_NAME, storage = 'durable', salvage = false } = options;
  if (typeof name !== 'string' || name === '') {
    throw new TabBrokerError(`The name of a broker is a text, and '${name}' cannot be one.`);
  }
  if (!storages.includes(storage)) {
    throw new TabBrokerError(`The storage is one of ${storages.join(', ')}, and not '${storage}'.`);
  }
  const { compatibility, messageBytesMax } = options;
  return {
    name, storage, salvage,
    ...(compatibility !== undefined && { compatibility }),
    ...(messageBytesMax !== undefined && { messageBytesMax }),
  };
}
