/** An event of this connection, but for the connection itself. */
export type ConnectionEventBody =
  | { type: 'connection.opened' | 'connection.unblocked' }
  | { type: 'connection.refused'; text: string }
  | { type: 'connection.blocked'; reason: string }
  | { type: 'connection.flow'; active: boolean }
  | { type: 'connection.failed'; error: unknown }
  | { type: 'connection.closed'; by: 'us' | 'peer' | 'transport'; text: string }
  | { type: 'channel.opened' | 'channel.closed'; channel: number; text: string };
