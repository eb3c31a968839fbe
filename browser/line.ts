/** The line between a tab and the host of a broker: what they say, and what carries it. */

/** Which broker a tab asks for. */
export interface BrokerSettings {
  /** Tabs that give the same name get the same broker. */
  readonly name: string;
}

/** What a port that is handed over leads to: AMQP, or the control of whoever runs the host. */
export type Door = 'amqp' | 'control';

export type FromTab =
  /** The first word. `life` is a lock that the tab holds. */
  | { readonly kind: 'hello'; readonly settings: BrokerSettings; readonly life: string | undefined }
  | { readonly kind: 'dial'; readonly door: Door; readonly port: MessagePort }
  /** What the tab has open is lost: it is being closed or frozen. */
  | { readonly kind: 'leave' }
  /** The broker is to stop in good order, if it belongs to this tab alone. */
  | { readonly kind: 'stop' };

export type FromHost =
  | { readonly kind: 'ready'; readonly life: string | undefined }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'stopped' };

/** How a tab hands a line to a dedicated worker; a shared one gets it by its event `connect`. */
export interface LineMessage {
  readonly kind: 'line';
  readonly port: MessagePort;
}
