import { AmqpError } from '../errors.ts';
import { methods, type MethodSpec } from '../protocol/spec.ts';
import type { MethodName, Role } from '../protocol/types.ts';

/**
 * Where a connection stands, the same seen from both ends. A state is named after what has
 * happened; its row in the table says what may happen next. [AMQP 2.2.4 the connection class]
 */
export type ConnectionState =
  | 'header' // nothing but the wait for the protocol header
  | 'starting' // header seen; connection.start comes
  | 'started' // connection.start was sent; the client picks a mechanism
  | 'securing' // credentials were given; tune or another challenge comes
  | 'challenged' // the server asked back; secure-ok comes
  | 'tuning' // tune was sent; tune-ok comes
  | 'tuned' // limits agreed; the client opens a virtual host
  | 'opening' // open was sent; open-ok comes
  | 'running'
  | 'closing' // close was sent by one side; close-ok comes
  | 'closed';

/** Where a channel stands, the same seen from both ends. [AMQP 2.2.5 the channel class] */
export type ChannelState = 'closed' | 'opening' | 'open' | 'closing';

type Transitions<S extends string> = Record<S, Partial<Record<MethodName, S>>>;

/** Methods of channel 0: in which state each is legal, and where it leads. */
export const connectionTransitions: Transitions<ConnectionState> = {
  header: {},
  starting: { 'connection.start': 'started' },
  started: { 'connection.start-ok': 'securing', 'connection.close': 'closing' },
  securing: {
    'connection.secure': 'challenged',
    'connection.tune': 'tuning',
    'connection.close': 'closing',
  },
  challenged: { 'connection.secure-ok': 'securing', 'connection.close': 'closing' },
  tuning: { 'connection.tune-ok': 'tuned', 'connection.close': 'closing' },
  tuned: { 'connection.open': 'opening', 'connection.close': 'closing' },
  opening: { 'connection.open-ok': 'running', 'connection.close': 'closing' },
  running: {
    'connection.blocked': 'running',
    'connection.unblocked': 'running',
    'connection.update-secret': 'running',
    'connection.update-secret-ok': 'running',
    'connection.close': 'closing',
  },
  // Both sides may close at once: each answers the other's close.
  closing: { 'connection.close': 'closing', 'connection.close-ok': 'closed' },
  closed: {},
};

const openMethods = Object.keys(methods).filter(
  (name) => !name.startsWith('connection.') && !/^channel\.(open|close)/.test(name),
) as MethodName[];

/** Methods of a numbered channel: in which state each is legal, and where it leads. */
export const channelTransitions: Transitions<ChannelState> = {
  closed: { 'channel.open': 'opening' },
  opening: { 'channel.open-ok': 'open', 'channel.close': 'closing' },
  open: {
    ...Object.fromEntries(openMethods.map((name) => [name, 'open'])),
    'channel.close': 'closing',
  },
  closing: { 'channel.close': 'closing', 'channel.close-ok': 'closed' },
};

/** Whether `role` is a side that sends this method. */
export function maySend(role: Role, { from }: Pick<MethodSpec, 'from'>): boolean {
  return from === 'both' || from === role;
}

/** Whether an open channel stays so with this method: known without a look at the tables. */
export function leavesOpen({ id: [classId] }: Pick<MethodSpec, 'id'>): boolean {
  return classId > CHANNEL_CLASS;
}

/** The class of methods that open and close channels; only connection's is below. */
const CHANNEL_CLASS = methods['channel.open'].id[0];

/** Whether the method is one of the four that close. */
export function isCloseHandshake(name: MethodName): boolean {
  return closeHandshake.has(name);
}

const closeHandshake: ReadonlySet<MethodName> = new Set([
  'connection.close', 'connection.close-ok', 'channel.close', 'channel.close-ok',
]);

export function peerOf(role: Role): Role {
  return role === 'server' ? 'client' : 'server';
}

/** The error of a method that the state of its channel does not allow. CON-25, CON-26. */
export function illegalMethod(
  channel: number, name: MethodName, connection: ConnectionState, state: ChannelState = 'closed',
): AmqpError {
  if (channel === 0) {
    return new AmqpError('CHANNEL_ERROR', `unexpected method in connection state ${connection}`);
  }
  if (state === 'closed') return new AmqpError('CHANNEL_ERROR', `expected 'channel.open'`);
  if (name === 'channel.open') {
    return new AmqpError('CHANNEL_ERROR', `second 'channel.open' seen`);
  }
  return new AmqpError('COMMAND_INVALID', 'unimplemented method');
}
