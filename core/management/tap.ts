import { Observable } from 'rxjs';
import type { Broker } from '../broker/broker.ts';
import type { BrokerEvent, FrameEvent } from '../broker/events/events.ts';
import type { TraceEvent } from '../broker/events/trace.ts';
import { methodById } from '../protocol/codec.ts';
import {
  FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, frameTypes, PROTOCOL_HEADER,
} from '../protocol/spec.ts';
import type { FrameTapped, TapEvent } from './tap-event.ts';

/** Threads of cause that are remembered; the oldest are forgotten first. */
const THREADS_MAX = 50_000;

/**
 * Everything that happens in the broker, in its order, each event with what it follows from.
 * Costs nothing until it is subscribed, and numbers anew for each subscriber.
 */
export function tapOf(broker: Broker): Observable<TapEvent> {
  return new Observable((events) => {
    const tap = new Tap(broker, (event) => events.next(event));
    events.add(broker.frames$.subscribe((event) => tap.onFrames(event)));
    events.add(broker.trace$.subscribe((event) => tap.onMessage(event)));
    events.add(broker.events$.subscribe((event) => tap.onEvent(event)));
  });
}

type Body = TapEvent extends infer E ? E extends TapEvent
  ? Omit<E, 'seq' | 'at' | 'cause' | 'frame'> : never : never;

class Tap {
  readonly #broker: Broker;
  readonly #next: (event: TapEvent) => void;
  #seq = 0;
  /** The frame that the broker is handling; frames come one at a time, before they are handled. */
  #frame = 0;
  #frameTime = 0;
  /**
   * `seq` of the last event of a message, of a message in a queue, of a delivery, of a confirm; and
   * by connection and channel, what the content frames there belong to.
   */
  readonly #threads = new Map<string, number>();

  constructor(broker: Broker, next: (event: TapEvent) => void) {
    this.#broker = broker;
    this.#next = next;
  }

  onFrames({ connection, direction, bytes }: FrameEvent): void {
    for (const frame of framesOf(bytes)) {
      const { channel, key } = describe(frame);
      const type = `frame.${direction}` as const;
      const cause = direction === 'out' ? this.#causeOf(`${connection}/${channel}`, key) : 0;
      const body: FrameTapped = { type, connection, channel, bytes: frame.slice() };
      if (direction === 'in') this.#frame = 0;
      const seq = this.#emit(body, cause);
      if (direction === 'in') {
        this.#frame = seq;
        this.#frameTime = this.#broker.clock.now();
      }
    }
  }

  onMessage(event: TraceEvent): void {
    if (event.type === 'publish.confirmed') {
      const seq = this.#emit(event, 0);
      this.#remember(`${event.owner}/basic.${event.kind}/${event.deliveryTag}`, seq);
      return;
    }
    const message = String(event.message);
    const place = 'queue' in event ? `${message}@${event.queue}` : message;
    const cause = this.#threads.get(place) ?? this.#threads.get(message) ?? 0;
    const seq = this.#emit(event, cause);
    this.#remember(place, seq);
    if (event.type === 'message.delivered') {
      this.#remember(`${event.owner}/basic.deliver/${event.deliveryTag}`, seq);
    } else if (event.type === 'message.returned') {
      this.#remember(`${event.owner}/basic.return`, seq);
    } else if ('becomes' in event && event.becomes !== 0) {
      this.#remember(String(event.becomes), seq);
    }
  }

  onEvent({ at: _wall, ...event }: BrokerEvent): void {
    if (event.type !== 'message.dead-lettered') this.#emit(event, 0);
  }

  #emit(body: Body, cause: number): number {
    const at = this.#broker.clock.now();
    // What comes later than the last frame was not made by it, but by a timer.
    const frame = at === this.#frameTime ? this.#frame : 0;
    const seq = ++this.#seq;
    this.#next({ ...body, seq, at, cause: cause || frame, frame } as TapEvent);
    return seq;
  }

  /** What a frame that is sent follows from: the delivery, return or confirm that it carries. */
  #causeOf(owner: string, key: string | undefined): number {
    if (key === undefined) return this.#threads.get(owner) ?? 0;
    const found = this.#threads.get(`${owner}/${key}`) ?? 0;
    this.#threads.delete(`${owner}/${key}`);
    this.#remember(owner, found);
    return found;
  }

  #remember(thread: string, seq: number): void {
    this.#threads.delete(thread);
    this.#threads.set(thread, seq);
    if (this.#threads.size <= THREADS_MAX) return;
    for (const oldest of this.#threads.keys()) {
      this.#threads.delete(oldest);
      return;
    }
  }
}

/** Cuts what was sent in one go into frames; what is no frame stays in one piece. */
export function* framesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const size = sizeAt(view, at);
    const end = size === undefined ? bytes.length : Math.min(bytes.length, at + size);
    yield bytes.subarray(at, end);
    at = end;
  }
}

function sizeAt(view: DataView, at: number): number | undefined {
  if (view.getUint8(at) === PROTOCOL_HEADER[0]) return PROTOCOL_HEADER.length;
  if (view.byteLength - at < FRAME_HEADER_BYTES) return undefined;
  return view.getUint32(at + 3) + FRAME_OVERHEAD_BYTES;
}

/** The channel of a frame, and the name under which its cause is remembered. */
function describe(frame: Uint8Array): { channel: number; key: string | undefined } {
  if (frame.length < FRAME_OVERHEAD_BYTES || frame[0] === PROTOCOL_HEADER[0]) {
    return { channel: 0, key: '' };
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const channel = view.getUint16(1);
  if (frame[0] !== frameTypes.method) return { channel, key: undefined };
  const codec = methodById(view.getUint16(7), view.getUint16(9));
  switch (codec?.name) {
    case 'basic.deliver':
      return { channel, key: `basic.deliver/${tagAt(view, 12 + view.getUint8(11))}` };
    // A message is delivered by basic.get-ok as by basic.deliver.
    case 'basic.get-ok':
      return { channel, key: `basic.deliver/${tagAt(view, 11)}` };
    case 'basic.ack':
    case 'basic.nack':
      return { channel, key: `${codec.name}/${tagAt(view, 11)}` };
    case 'basic.return':
      return { channel, key: codec.name };
    default:
      return { channel, key: '' };
  }
}

function tagAt(view: DataView, at: number): bigint {
  return view.getBigUint64(at);
}
