/** The part of rascal, which has no types of its own, that the tests use. */
declare module 'rascal' {
  import type { EventEmitter } from 'node:events';
  import type { Message } from 'amqplib';

  /** A recovery strategy, or several tried in turn. */
  export type Recovery = object | readonly object[];
  export type AckOrNack = (error?: Error, recovery?: Recovery) => void;

  export interface Subscription extends EventEmitter {
    on(event: 'message', listener: (message: Message, content: never, ackOrNack: AckOrNack) => void): this;
    on(event: string, listener: (...args: never[]) => void): this;
    cancel(): Promise<void>;
  }

  export interface BrokerAsPromised extends EventEmitter {
    publish(publication: string, content: unknown, overrides?: object | string): Promise<EventEmitter>;
    forward(publication: string, message: Message, overrides?: object | string): Promise<EventEmitter>;
    subscribe(subscription: string, overrides?: object): Promise<Subscription>;
    purge(): Promise<void>;
    nuke(): Promise<void>;
    shutdown(): Promise<void>;
  }

  const rascal: {
    readonly BrokerAsPromised: { create(config: object): Promise<BrokerAsPromised> };
    withTestConfig(config: object): object;
  };
  export default rascal;
}
