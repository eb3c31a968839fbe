import type { ConnectOptions } from '../../core/client/index.ts';
import type { BrokerPort } from './broker-port.ts';

/** How a client of the page reaches the broker: over a port of its own, or by URL. */
export function connectTarget(port: BrokerPort): Pick<ConnectOptions, 'url' | 'messagePort'> {
  const target = port.dial();
  return typeof target === 'string' ? { url: target } : { messagePort: target };
}
