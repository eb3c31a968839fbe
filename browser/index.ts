/** `tabmq/browser`: a broker in a tab, and a WebSocket that reaches it. */
export {
  BrokerHost, hostBrokers, type BrokerHostOptions,
} from './broker-host.ts';
export type { HostedBroker } from './named-broker.ts';
export { openHostedBroker } from './hosted-broker.ts';
export { installTabWebSocket, type InstallOptions } from './install.ts';
export type { BrokerSettings } from './line.ts';
export { openBroker, type OpenBrokerOptions } from './open-broker.ts';
export { openBrokerHere, type OpenBrokerHereOptions } from './open-broker-here.ts';
export { TabBrokerError, type Place, type RestartOptions, type TabBroker } from './tab-broker.ts';
export type { StorageKind } from './storage.ts';
export { TabWebSocket, type DialPort } from './tab-web-socket.ts';
