/** The line between a tab and the host of a broker: what they say, and what carries it. */

import type { BrokerOptions } from '../core/broker/broker.ts';
import type { Dropped } from '../core/storage/index.ts';
import type { StorageKind } from './storage.ts';

/** Which broker a tab asks for. */
export interface BrokerSettings {
  /** Tabs that give the same name get the same broker, and its data. */
  readonly name: string;
  /**
   * `durable`: what AMQP calls durable survives a reload and a crash of the tab, and where that
   * cannot be, there is no broker. `durable-or-memory`: there is one all the same, which forgets.
   */
  readonly storage: 'durable' | 'durable-or-memory' | 'memory';
  /** Which RabbitMQ the broker does as, and the largest body; as in `BrokerOptions`. */
  readonly compatibility?: BrokerOptions['compatibility'];
  readonly messageBytesMax?: number;
  /** Opens damaged data with what can be read of them, and gives up the rest for good. */
  readonly salvage: boolean;
}

/** What a port that is handed over leads to: AMQP, or the control of whoever runs the host. */
export type Door = 'amqp' | 'control';

export type FromTab =
  /** The first word. `life` is a lock that the tab holds. */
  | { readonly kind: 'hello'; readonly settings: BrokerSettings; readonly life: string | undefined }
  | { readonly kind: 'dial'; readonly door: Door; readonly port: MessagePort }
  /** What the tab has open is lost: it is being closed or frozen. */
  | { readonly kind: 'leave' }
  /** The same, and nothing more will be said. */
  | { readonly kind: 'bye' }
  /** The broker is to stop in good order, if it belongs to this tab alone. */
  | { readonly kind: 'stop' }
  /** The broker is to stop and to be opened again, for all tabs. */
  | { readonly kind: 'restart'; readonly salvage: boolean }
  /** Whether anybody is there. */
  | { readonly kind: 'ping' };

export type FromHost =
  /** The first word, before anything is opened: a lock of the host, or of who leads to it. */
  | { readonly kind: 'host'; readonly life: string | undefined }
  /** The broker is there, for the first time or again. */
  | {
    readonly kind: 'ready';
    readonly storage: StorageKind;
    /** What of its data a salvage gave up. */
    readonly salvaged: readonly Dropped[];
  }
  /** What whoever uses the broker should know of its storage; undefined: all is well again. */
  | { readonly kind: 'notice'; readonly text: string | undefined }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'pong' };

/** How a tab hands a line to a dedicated worker; a shared one gets it by its event `connect`. */
export interface LineMessage {
  readonly kind: 'line';
  readonly port: MessagePort;
  /** The worker hosts the broker if it wins the election of this name, else another one does. */
  readonly election?: string;
}
