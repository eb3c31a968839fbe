/** Carries what goes over a MessagePort through a BroadcastChannel, which reaches other workers. */

import { PortTransport } from '../core/session/message-port.ts';
import { watchLife } from './life.ts';

/** The acceptor says so once it listens: what is broadcast before that is lost. */
const JOINED = 'joined';
/** What a port hears whose other end is gone: also the word of an AMQP port for that. */
export const LOST = 'abort';
/** The words after which no more is said over an AMQP port. */
const lastWords: readonly unknown[] = ['end', LOST];

export interface Bridge {
  /** Name of the channel; both ends know it. */
  readonly id: string;
  /** Whether this end waits for the other one to listen, or is the other one. */
  readonly role: 'initiator' | 'acceptor';
  /** A lock of whoever has the other end. */
  readonly life: string;
}

/** A message that hands over a port is told the name of a further bridge in its place. */
interface Carried {
  readonly port?: MessagePort;
  readonly bridge?: string;
}

/** Joins a port to the one that another worker has joined to the same channel. */
export function bridge(port: MessagePort, { id, role, life }: Bridge): void {
  const channel = new BroadcastChannel(id);
  let open = true;
  const close = (): void => {
    open = false;
    stopWatching();
    port.close();
    channel.close();
  };
  const pass = (post: (data: unknown) => void, data: unknown): void => {
    post(data);
    if (lastWords.includes(data)) close();
  };
  const toChannel = (data: unknown): void => {
    const { port: handed, ...rest } = carriedBy(data);
    if (!open) {
      if (handed !== undefined) new PortTransport(handed).destroy();
      return;
    }
    if (handed === undefined) return pass((data) => channel.postMessage(data), data);
    const further = crypto.randomUUID();
    bridge(handed, { id: further, role: 'initiator', life });
    channel.postMessage({ ...rest, bridge: further });
  };
  const toPort = (data: unknown): void => {
    if (!open) return;
    const { bridge: further, ...rest } = carriedBy(data);
    const post = (data: unknown): void => port.postMessage(data, transfersOf(data));
    if (further === undefined) return pass(post, data);
    const { port1, port2 } = new MessageChannel();
    bridge(port1, { id: further, role: 'acceptor', life });
    port.postMessage({ ...rest, port: port2 }, [port2]);
  };
  const stopWatching = watchLife(life, () => toPort(LOST));
  const start = (): void => void (port.onmessage = ({ data }) => toChannel(data));
  channel.onmessage = ({ data }) => (data === JOINED ? start() : toPort(data));
  port.addEventListener('close', () => toChannel(LOST));
  if (role === 'initiator') return;
  channel.postMessage(JOINED);
  start();
}

const NOTHING: Carried = {};

/** Chunks, which are the most, and words carry nothing. */
function carriedBy(data: unknown): Carried {
  const isPlain = data instanceof ArrayBuffer || typeof data !== 'object' || data === null;
  return isPlain ? NOTHING : data as Carried;
}

function transfersOf(message: unknown): Transferable[] {
  return message instanceof ArrayBuffer ? [message] : [];
}
