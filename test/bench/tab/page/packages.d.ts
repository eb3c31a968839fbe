/** What the bench uses of packages that have no types of their own. */
declare module 'mock-amqplib' {
  export interface Channel {
    assertQueue(queue: string): Promise<unknown>;
    consume(queue: string, onMessage: () => void, options: { readonly noAck: boolean }): Promise<unknown>;
    sendToQueue(queue: string, body: Uint8Array): Promise<boolean>;
  }

  export interface Connection {
    createChannel(): Promise<Channel>;
  }

  export function connect(url: string): Promise<Connection>;
}
