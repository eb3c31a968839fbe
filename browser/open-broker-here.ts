import { BrokerHost, type BrokerHostOptions } from './broker-host.ts';
import type { BrokerSettings } from './line.ts';
import { lastResort, settingsOf } from './settings.ts';
import { TabBroker } from './tab-broker.ts';

export interface OpenBrokerHereOptions extends Partial<BrokerSettings>, BrokerHostOptions {}

/**
 * Opens a broker in this page or worker itself, whose tasks it shares. A service worker can do
 * this, as it can start no worker; the browser ends it whenever it is idle.
 */
export async function openBrokerHere(options: OpenBrokerHereOptions = {}): Promise<TabBroker> {
  const host = new BrokerHost(options);
  const open = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    host.connect(port2);
    return port1;
  };
  return TabBroker.open({ place: 'here', open }, settingsOf(options));
}

lastResort.open = openBrokerHere;
