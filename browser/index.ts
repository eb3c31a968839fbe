/** `tabmq/browser`: a broker in a tab, and a WebSocket that reaches it. */
export { installTabWebSocket, type InstallOptions } from './install.ts';
export { TabWebSocket, type DialPort } from './tab-web-socket.ts';
