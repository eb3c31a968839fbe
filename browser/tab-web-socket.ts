import { concat } from '../core/protocol/bytes.ts';
import { PortTransport } from '../core/session/message-port.ts';
import { EventHandlers, type Handler } from './event-handlers.ts';
import { deferTask } from './host-clock.ts';
import { watchPortLife } from './life.ts';
import {
  chooseProtocol, parseWebSocketUrl, readClose, readProtocols, toText,
} from './web-socket-arguments.ts';

/** Gives one end of a pair of MessagePorts, whose other end a broker serves; or says why not. */
export type DialPort = (url: URL) => MessagePort | Promise<MessagePort>;

const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** Close codes of RFC 6455, section 7.4.1. */
const closeCodes = { normal: 1000, unsupportedData: 1003, noStatus: 1005, abnormal: 1006 } as const;

/** How a connection ended. */
interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

const LOST: Ending = { code: closeCodes.abnormal, reason: '', wasClean: false };
const ENDED: Ending = { code: closeCodes.normal, reason: '', wasClean: true };
/** What the gateway answers to text, as AMQP has none. WSK-13. */
const REFUSED: Ending = {
  code: closeCodes.unsupportedData, reason: 'AMQP is binary', wasClean: true,
};

/** What waits to be sent: bytes, a Blob that must be read first, text, or the end of it all. */
type Outgoing = Uint8Array | Blob | string | Ending;

/**
 * A WebSocket as the standard defines it, whose other end is a broker in this page or in a worker.
 * Several messages of one task travel as one, since AMQP is a stream to which their bounds mean
 * nothing. https://websockets.spec.whatwg.org
 */
export class TabWebSocket extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  readonly #url: URL;
  readonly #handlers = new EventHandlers(this);
  #readyState: 0 | 1 | 2 | 3 = states.CONNECTING;
  #wasOpen = false;
  #protocol = '';
  #binaryType: BinaryType = 'blob';
  #transport: PortTransport | undefined;
  #outgoing: Outgoing[] = [];
  #outgoingBytes = 0;
  #flushing = false;

  /** Whether something is one, whatever prototype it has. */
  static isOne(value: unknown): value is TabWebSocket {
    return typeof value === 'object' && value !== null && #url in value;
  }

  /** Throws a SyntaxError as a WebSocket does. What `dial` fails with ends in `error` and 1006. */
  constructor(
    url: string | URL, protocols: string | readonly string[] | undefined, dial: DialPort,
  ) {
    super();
    this.#url = parseWebSocketUrl(url);
    const offered = readProtocols(protocols);
    void this.#connect(offered, dial);
  }

  /** The URL that it was made with, normalized. */
  get url(): string {
    return this.#url.href;
  }

  /** Connecting, open, closing or closed, as 0 to 3. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** The subprotocol that was agreed on: `amqp`, or none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** No extension is ever agreed on. */
  get extensions(): string {
    return '';
  }

  /** Bytes that the broker has not taken; what is sent after the end is never taken. */
  get bufferedAmount(): number {
    return this.#outgoingBytes + (this.#transport?.unsentBytes ?? 0);
  }

  /** How octets that come in are handed over: as a Blob, or as an ArrayBuffer. Default: `blob`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    const text = toText(value);
    // An enumeration of the platform ignores what is none of its members.
    if (text === 'blob' || text === 'arraybuffer') this.#binaryType = text;
  }

  /** Listens for `open`, as the attribute of the standard does. */
  get onopen(): Handler | null {
    return this.#handlers.get('open');
  }

  set onopen(handler: Handler | null) {
    this.#handlers.set('open', handler);
  }

  /** Listens for `message`, as the attribute of the standard does. */
  get onmessage(): Handler<MessageEvent> | null {
    return this.#handlers.get('message') as Handler<MessageEvent> | null;
  }

  set onmessage(handler: Handler<MessageEvent> | null) {
    this.#handlers.set('message', handler);
  }

  /** Listens for `error`, as the attribute of the standard does. */
  get onerror(): Handler | null {
    return this.#handlers.get('error');
  }

  set onerror(handler: Handler | null) {
    this.#handlers.set('error', handler);
  }

  /** Listens for `close`, as the attribute of the standard does. */
  get onclose(): Handler<CloseEvent> | null {
    return this.#handlers.get('close') as Handler<CloseEvent> | null;
  }

  set onclose(handler: Handler<CloseEvent> | null) {
    this.#handlers.set('close', handler);
  }

  /** Sends a copy, so that the sender may use its memory again at once. */
  send(data: string | BufferSource | Blob): void {
    if (arguments.length === 0) throw new TypeError('What is to be sent is missing.');
    const message = copyOf(data);
    if (this.#readyState === states.CONNECTING) {
      throw new DOMException('The WebSocket is still connecting.', 'InvalidStateError');
    }
    this.#outgoingBytes += sizeOf(message);
    if (this.#readyState === states.OPEN) this.#push(message);
  }

  /** Begins the close handshake; throws where a WebSocket may not send that code or reason. */
  close(code?: number, reason?: string): void;
  close(...given: readonly [unknown?, unknown?]): void {
    const { code, reason } = readClose(given);
    if (this.#readyState >= states.CLOSING) return;
    const wasConnecting = this.#readyState === states.CONNECTING;
    this.#readyState = states.CLOSING;
    if (wasConnecting) this.#fail();
    else this.#push({ code: code ?? closeCodes.noStatus, reason, wasClean: true });
  }

  async #connect(offered: readonly string[], dial: DialPort): Promise<void> {
    const protocol = chooseProtocol(offered);
    if (protocol === undefined) return this.#fail();
    let transport: PortTransport;
    try {
      transport = new PortTransport(await dial(this.#url), watchPortLife);
    } catch {
      return this.#fail();
    }
    if (this.#readyState !== states.CONNECTING) return transport.destroy();
    this.#transport = transport;
    this.#protocol = protocol;
    transport.whenOpened(() => this.#open());
    transport.inbound.subscribe({
      next: (bytes) => this.#receive(bytes),
      complete: () => this.#closed(ENDED),
      error: () => this.#lose(),
    });
  }

  #open(): void {
    if (this.#readyState !== states.CONNECTING) return;
    this.#readyState = states.OPEN;
    this.#wasOpen = true;
    this.dispatchEvent(new Event('open'));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#readyState !== states.OPEN) return;
    const { buffer } = bytes as Uint8Array<ArrayBuffer>;
    const data = this.#binaryType === 'blob' ? new Blob([buffer]) : buffer;
    this.dispatchEvent(new MessageEvent('message', { data, origin: this.#url.origin }));
  }

  /** The connection never comes to be. */
  #fail(): void {
    this.#readyState = states.CLOSING;
    deferTask(() => this.#lose());
  }

  #lose(): void {
    if (this.#readyState !== states.CLOSED) this.#closed(LOST);
  }

  #closed({ code, reason, wasClean }: Ending): void {
    this.#readyState = states.CLOSED;
    this.#outgoing = [];
    this.#transport?.destroy();
    if (!this.#wasOpen) this.dispatchEvent(new Event('error'));
    this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
  }

  #push(message: Outgoing): void {
    this.#outgoing.push(message);
    if (this.#flushing) return;
    this.#flushing = true;
    // One message a task is several times faster than one for each of many small ones.
    // A Blob whose file is gone by now cannot be sent, and what comes after it must not be.
    deferTask(() => void this.#flush().catch(() => this.#lose()));
  }

  async #flush(): Promise<void> {
    while (this.#outgoing.length > 0 && this.#readyState !== states.CLOSED) {
      this.#write(joined(this.#takeChunks()));
      const next = this.#outgoing.shift();
      if (next instanceof Blob) this.#write(new Uint8Array(await next.arrayBuffer()));
      else if (next !== undefined) this.#end(next as string | Ending);
    }
    this.#flushing = false;
  }

  /** The bytes at the head of what waits. */
  #takeChunks(): Uint8Array[] {
    const end = this.#outgoing.findIndex((message) => !(message instanceof Uint8Array));
    return this.#outgoing.splice(0, end < 0 ? this.#outgoing.length : end) as Uint8Array[];
  }

  #write(batch: Uint8Array): void {
    if (batch.length === 0) return;
    this.#outgoingBytes -= batch.length;
    this.#transport!.write(batch, () => {});
  }

  #end(ending: string | Ending): void {
    if (typeof ending !== 'string') {
      this.#transport!.end();
      this.#closed(ending);
      return;
    }
    this.#outgoingBytes -= sizeOf(ending);
    this.#transport!.destroy();
    this.#closed(REFUSED);
  }
}

const { prototype } = TabWebSocket;
// As the platform's classes have them, and a class of the language has not.
for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
  if (name === 'constructor') continue;
  Object.defineProperty(prototype, name, { ...descriptor, enumerable: true });
}
for (const [name, value] of Object.entries(states)) {
  for (const target of [TabWebSocket, prototype]) {
    Object.defineProperty(target, name, { value, enumerable: true });
  }
}
Object.defineProperty(prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });

function copyOf(data: unknown): Uint8Array | Blob | string {
  if (data instanceof Blob) return data;
  if (ArrayBuffer.isView(data)) {
    const { buffer, byteOffset, byteLength } = data;
    checkBuffer(buffer);
    return new Uint8Array(buffer, byteOffset, byteLength).slice();
  }
  if (!isBuffer(data)) return toText(data);
  checkBuffer(data);
  // One that was given away cannot be cut, and holds nothing.
  return data.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(data.slice(0));
}

/** Also one of another frame, which has a class of its own. */
function isBuffer(data: unknown): data is ArrayBuffer {
  return ['[object ArrayBuffer]', '[object SharedArrayBuffer]'].includes(tagOf(data));
}

/** Memory that others may change meanwhile cannot be sent, nor memory that may shrink. */
function checkBuffer(buffer: ArrayBufferLike & { readonly resizable?: boolean }): void {
  if (tagOf(buffer) === '[object SharedArrayBuffer]') {
    throw new TypeError('What is to be sent is shared memory.');
  }
  if (buffer.resizable) throw new TypeError('What is to be sent is a resizable buffer.');
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

function sizeOf(message: Uint8Array | Blob | string): number {
  if (message instanceof Blob) return message.size;
  return typeof message === 'string' ? new TextEncoder().encode(message).length : message.length;
}

/** One chunk is passed on as it is: it was copied when it was sent. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : concat(chunks);
}
