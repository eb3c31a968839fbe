/** TabMQ in Node: the broker behind TCP, TLS and WebSocket listeners. */
export {
  startGateway, type Gateway, type GatewayOptions, type GatewayPorts,
} from './gateway.ts';
export type { ListenerInfo, WayIn } from './doors.ts';
export {
  Log, readLogLevels, type LogComponent, type LogFormat, type LogLevel, type LogLevels,
  type LogOptions,
} from './log.ts';
export { StartError } from './start-error.ts';
export type { TlsFiles } from './tls.ts';
export type { User } from './users.ts';
