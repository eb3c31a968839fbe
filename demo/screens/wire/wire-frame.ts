import type { TapEvent } from '../../../core/management/index.ts';
import {
  dissectFrames, FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, frameTypes, methodById,
  PROTOCOL_HEADER, summarize, type Dissected,
} from '../../../core/protocol/index.ts';
import { bodyLine } from '../../shell/format.ts';
import { hexOctet } from './hex.ts';

/** Of a body, in a row of the list. */
const LINE_CHARACTERS = 200;

export type Direction = 'in' | 'out';

type FrameEvent = Extract<TapEvent, { readonly type: 'frame.in' | 'frame.out' }>;

/** One frame of the list. What takes work is worked out when it is first looked at. */
export class WireFrame {
  readonly seq: number;
  readonly at: number;
  readonly cause: number;
  readonly connection: string;
  readonly channel: number;
  /** As the broker sees it. */
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  /** `basic.publish`, `header`, `body`, `heartbeat`, `protocol header` or `malformed`. */
  readonly kind: string;
  /** `seq` of the method frame whose content this is; its own for all others. */
  readonly head: number;
  #dissected: readonly Dissected[] | undefined;

  constructor(event: FrameEvent, head: number | undefined) {
    this.seq = event.seq;
    this.at = event.at;
    this.cause = event.cause;
    this.connection = event.connection;
    this.channel = event.channel;
    this.direction = event.type === 'frame.in' ? 'in' : 'out';
    this.bytes = event.bytes;
    this.kind = kindOf(event.bytes);
    this.head = this.isContent ? head ?? event.seq : event.seq;
  }

  /** Whether it carries properties or a body of the method frame before it. */
  get isContent(): boolean {
    return this.kind === 'header' || this.kind === 'body';
  }

  get dissected(): readonly Dissected[] {
    return this.#dissected ??= dissectFrames(this.bytes);
  }

  /** One line that says what is in it, without the channel, which stands beside. */
  get summary(): string {
    return this.dissected.map(summarize).join(' ').replace(/^ch \d+ /, '');
  }

  /** What the list says of it beside its kind: of a body the text, as far as it is text. */
  get line(): string {
    if (this.kind !== 'body') return this.summary.replace(this.kind, '').trim();
    return bodyLine(this.bytes.subarray(FRAME_HEADER_BYTES, -1), LINE_CHARACTERS);
  }

  /** Its octets as text, one character each, for filters. */
  get text(): string {
    return Array.from(this.bytes, (octet) => String.fromCharCode(octet)).join('');
  }

  get hex(): string {
    return hexOf(this.bytes);
  }
}

const names = new Map<number, string>(
  Object.entries(frameTypes).map(([name, type]) => [type, name]),
);

function kindOf(bytes: Uint8Array): string {
  if (bytes[0] === PROTOCOL_HEADER[0]) return 'protocol header';
  const name = bytes.length < FRAME_OVERHEAD_BYTES ? undefined : names.get(bytes[0]!);
  if (name !== 'method') return name ?? 'malformed';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return methodById(view.getUint16(7), view.getUint16(9))?.name ?? 'malformed';
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, hexOctet).join('');
}
