/** Carries what goes over a MessagePort through a BroadcastChannel, which reaches other tabs. */

/** The acceptor says so once it listens: what is broadcast before that is lost. */
const JOINED = 'joined';
/** The words after which no more is said over an AMQP port. */
const lastWords: readonly unknown[] = ['end', 'abort'];
const LOST = 'abort';

export interface Bridge {
  /** Name of the channel; both ends know it. */
  readonly id: string;
  /** Whether this end waits for the other one to listen, or is the other one. */
  readonly role: 'initiator' | 'acceptor';
  /** Resolves once the other tab is gone. */
  readonly gone: Promise<void>;
}

/** A message that hands over a port is told the name of a further bridge in its place. */
interface Carried {
  readonly port?: MessagePort;
  readonly bridge?: string;
}

/** Joins a port to the one that another tab has joined to the same channel. */
export function bridge(port: MessagePort, { id, role, gone }: Bridge): void {
  const channel = new BroadcastChannel(id);
  let open = true;
  const close = (): void => {
    open = false;
    port.close();
    channel.close();
  };
  const toChannel = (data: unknown): void => {
    if (!open) return;
    const { port: handed, ...rest } = { ...(data as Carried) };
    if (handed === undefined) return pass(channel.postMessage.bind(channel), data);
    const further = crypto.randomUUID();
    bridge(handed, { id: further, role: 'initiator', gone });
    channel.postMessage({ ...rest, bridge: further });
  };
  const toPort = (data: unknown): void => {
    if (!open) return;
    const { bridge: further, ...rest } = { ...(data as Carried) };
    const post = (message: unknown): void => port.postMessage(message, transfersOf(message));
    if (further === undefined) return pass(post, data);
    const { port1, port2 } = new MessageChannel();
    bridge(port1, { id: further, role: 'acceptor', gone });
    port.postMessage({ ...rest, port: port2 }, [port2]);
  };
  const pass = (post: (data: unknown) => void, data: unknown): void => {
    post(data);
    if (lastWords.includes(data)) close();
  };
  const start = (): void => void (port.onmessage = ({ data }) => toChannel(data));
  channel.onmessage = ({ data }) => (data === JOINED ? start() : toPort(data));
  port.addEventListener('close', () => toChannel(LOST));
  void gone.then(() => toPort(LOST));
  if (role === 'initiator') return;
  channel.postMessage(JOINED);
  start();
}

function transfersOf(message: unknown): Transferable[] {
  return message instanceof ArrayBuffer ? [message] : [];
}
