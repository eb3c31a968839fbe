/** Sessions under test: driven by hand, what they say and call written down. */
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { limits } from '../../core/limits.ts';
import { BufferPool } from '../../core/protocol/buffer-pool.ts';
import { writeMethod } from '../../core/protocol/codec.ts';
import type { Content } from '../../core/protocol/content.ts';
import { frameTypes, PROTOCOL_HEADER } from '../../core/protocol/spec.ts';
import type { MethodArgs, MethodName, Role } from '../../core/protocol/types.ts';
import type { ConnectionState } from '../../core/session/states.ts';
import { Session, type Method, type SessionEnd, type SessionHooks } from '../../core/session/session.ts';
import { decodeMethod } from '../differential/methods.ts';
import { integer } from '../differential/values.ts';
import { written } from '../protocol/generators.ts';
import { concat as concatAll, textOf, toHex, utf8 } from '../support/bytes.ts';
import { argumentsOf } from '../support/test-client.ts';

/** A frame that a session sent, as `1 basic.ack`, or `0 heartbeat`. */
export interface SentFrame {
  readonly channel: number;
  readonly name: string;
  readonly fields: Record<string, unknown>;
}

/** A frame of any type, whole. */
export function frame(type: number, channel: number, payload: Uint8Array | string = '', end = 0xce): Uint8Array {
  const bytes = typeof payload === 'string' ? utf8(payload) : payload;
  const head = [integer(1, type), integer(2, channel), integer(4, bytes.length)];
  return concat(...head, bytes, Uint8Array.of(end));
}

export function methodFrame<N extends MethodName>(
  channel: number, name: N, args: Partial<MethodArgs<N>> = {},
): Uint8Array {
  return written((writer) => writeMethod(writer, channel, name, argumentsOf(name, args)));
}

export function headerFrame(channel: number, bodySize: number | bigint, classId = 60): Uint8Array {
  const payload = [integer(2, classId), integer(2, 0), integer(8, bodySize), integer(2, 0)];
  return frame(frameTypes.header, channel, concat(...payload));
}

export function bodyFrame(channel: number, body: Uint8Array | string): Uint8Array {
  return frame(frameTypes.body, channel, body);
}

export const heartbeat = frame(frameTypes.heartbeat, 0);

export function concat(...chunks: readonly Uint8Array[]): Uint8Array {
  return concatAll(chunks);
}

/** Whole frames as what they say; the protocol header is `AMQP`. */
export function readFrames(bytes: Uint8Array): SentFrame[] {
  const frames: SentFrame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    if (textOf(bytes.subarray(at, at + 4)) === 'AMQP') {
      frames.push({ channel: 0, name: 'AMQP', fields: {} });
      at += 8;
      continue;
    }
    const [type, channel, size] = [bytes[at], view.getUint16(at + 1), view.getUint32(at + 3)];
    const payload = bytes.subarray(at + 7, at + 7 + size);
    if (bytes[at + 7 + size] !== 0xce) throw new Error('a frame without an end');
    const name = Object.entries(frameTypes).find(([, each]) => each === type)![0];
    frames.push({ channel, ...(type === 1 ? decodeMethod(payload) : { name, fields: {} }) });
    at += size + 8;
  }
  return frames;
}

/** A real session with hooks that only write down, and a transport that only keeps. */
export class Driven<R extends Role = Role> implements SessionHooks {
  readonly session: Session<R>;
  readonly clock: VirtualClock;
  /** What the hooks heard, a line each. */
  readonly heard: string[] = [];
  readonly ends: SessionEnd[] = [];
  readonly faults: unknown[] = [];
  /** Whether the link was ended. */
  closed = false;
  /** Done on each method, for a hook that answers or throws. */
  answer: (channel: number, method: Method) => void = () => {};
  /** Done behind each chunk, for a hook that throws. */
  endChunk: () => void = () => {};
  readonly contents: { channel: number; bytes: string }[] = [];
  #sent: Uint8Array[] = [];

  constructor(role: R, clock = new VirtualClock()) {
    this.clock = clock;
    this.session = new Session(role, this, {
      send: (bytes) => this.#sent.push(bytes.slice()),
      end: () => (this.closed = true),
      setReading: () => {},
    }, { clock, pool: new BufferPool() });
    if (role === 'client') this.session.start();
    this.take();
  }

  receive(...chunks: readonly Uint8Array[]): void {
    this.session.receive(concat(...chunks));
  }

  /** What was sent since the last time. */
  take(): SentFrame[] {
    return readFrames(concat(...this.takeBytes()));
  }

  takeBytes(): Uint8Array[] {
    this.session.flush();
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The names of what was sent since the last time, with their channels. */
  takeNames(): string[] {
    return this.take().map(({ channel, name }) => `${channel} ${name}`);
  }

  /** Has `sender` say it: by the session if it is of this role, otherwise to it. */
  say<N extends MethodName>(sender: Role, channel: number, name: N, args: Partial<MethodArgs<N>> = {}): void {
    if (sender !== this.session.role) {
      this.receive(methodFrame(channel, name, args));
      return;
    }
    const send = this.session.send.bind(this.session) as (...all: unknown[]) => void;
    send(channel, name, argumentsOf(name, args));
  }

  /** Says all that it takes to get to `running`, or to the state before it that is named. */
  drive(until: ConnectionState = 'running'): this {
    if (this.session.role === 'server') this.receive(PROTOCOL_HEADER);
    for (const [sender, name, state] of handshake) {
      if (this.session.state === until) break;
      this.say(sender, 0, name);
      if (this.session.state !== state) throw new Error(`${this.session.state} after ${name}`);
    }
    if (this.session.state === 'running') this.session.tune(limits.channelsMax, limits.frameBytesMax, 0);
    this.take();
    this.heard.length = 0;
    return this;
  }

  // SessionHooks

  onHeader(): void {
    this.heard.push('header');
  }

  onMethod(channel: number, method: Method): void {
    this.heard.push(`${channel} ${method.name}`);
    this.answer(channel, method);
  }

  onContent(channel: number, { block, methodStart, methodEnd, contentStart, contentEnd }: Content): void {
    const method = block.bytes.subarray(methodStart, methodEnd);
    const content = block.bytes.subarray(contentStart, contentEnd);
    this.heard.push(`${channel} content`);
    this.contents.push({ channel, bytes: `${hex(method)} ${hex(content)}` });
  }

  onChannelEnd(channel: number, error: Error | undefined): void {
    this.heard.push(`${channel} ended${error === undefined ? '' : `: ${error.message}`}`);
  }

  onEnd(end: SessionEnd): void {
    this.ends.push(end);
  }

  onChunkEnd(): void {
    this.endChunk();
  }

  onWritable(on: boolean): void {
    this.heard.push(`writable ${on}`);
  }

  onFault(fault: unknown): void {
    this.faults.push(fault);
  }
}

/** The way to `running`: who says what, and where it leads. */
export const handshake = [
  ['server', 'connection.start', 'started'],
  ['client', 'connection.start-ok', 'securing'],
  ['server', 'connection.secure', 'challenged'],
  ['client', 'connection.secure-ok', 'securing'],
  ['server', 'connection.tune', 'tuning'],
  ['client', 'connection.tune-ok', 'tuned'],
  ['client', 'connection.open', 'opening'],
  ['server', 'connection.open-ok', 'running'],
] as const;

export function hex(bytes: Uint8Array): string {
  return toHex(bytes);
}
