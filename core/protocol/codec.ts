import { AmqpError } from '../errors.ts';
import { readTable, writeTable } from './field-table.ts';
import type { Reader } from './reader.ts';
import { frameTypes, methods, type Domain, type MethodSpec } from './spec.ts';
import type { DomainTypes, MethodArgs, MethodName } from './types.ts';
import type { Writer } from './writer.ts';

/** How one method travels. */
export interface MethodCodec<N extends MethodName = MethodName> {
  readonly name: N;
  readonly spec: MethodSpec;
  /** The arguments, which must take the rest of the reader. Throws AmqpError only. */
  decode(reader: Reader): MethodArgs<N>;
  /** The arguments alone; `writeMethod` makes a frame of them. */
  encode(writer: Writer, args: MethodArgs<N>): void;
}

/** A domain that takes whole octets; bits are packed and so have no codec of their own. */
type ValueDomain = Exclude<Domain, 'bit'>;

interface ValueCodec<T> {
  /** What a reserved argument is sent as. */
  readonly empty: T;
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

const longlong: ValueCodec<number> = {
  empty: 0,
  read: (reader) => reader.longlong(),
  write: (writer, value) => writer.longlong(value),
};

/** Wire forms of the domains that take whole octets. */
export const valueCodecs: { readonly [D in ValueDomain]: ValueCodec<DomainTypes[D]> } = {
  octet: {
    empty: 0,
    read: (reader) => reader.octet(),
    write: (writer, value) => writer.octet(value),
  },
  short: {
    empty: 0,
    read: (reader) => reader.short(),
    write: (writer, value) => writer.short(value),
  },
  long: {
    empty: 0,
    read: (reader) => reader.long(),
    write: (writer, value) => writer.long(value),
  },
  longlong,
  timestamp: longlong,
  shortstr: {
    empty: '',
    read: (reader) => reader.shortstr(),
    write: (writer, value) => writer.shortstr(value),
  },
  longstr: {
    empty: '',
    read: (reader) => reader.longstr(),
    write: (writer, value) => writer.longstr(value),
  },
  bytes: {
    empty: new Uint8Array(0),
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.bytes(value),
  },
  table: { empty: {}, read: readTable, write: writeTable },
};

/** Arguments while the table's names are all that is known of them. */
type AnyArgs = Record<string, unknown>;

/** One argument, or one octet of bits. */
interface Part {
  read(reader: Reader, args: AnyArgs): void;
  write(writer: Writer, args: AnyArgs): void;
}

/** Whether the protocol keeps this argument for itself, so that no program sees it. */
export function isReserved(name: string): boolean {
  return name.startsWith('reserved');
}

function valuePart(name: string, domain: ValueDomain): Part {
  const codec = valueCodecs[domain] as ValueCodec<unknown>;
  if (isReserved(name)) {
    return {
      read: (reader) => { codec.read(reader); },
      write: (writer) => codec.write(writer, codec.empty),
    };
  }
  return {
    read: (reader, args) => { args[name] = codec.read(reader); },
    write: (writer, args) => codec.write(writer, args[name]),
  };
}

/** Up to eight bits that follow each other: one octet, the first bit lowest. */
function bitsPart(names: readonly string[]): Part {
  return {
    read(reader, args) {
      const octet = reader.octet();
      names.forEach((name, i) => {
        if (!isReserved(name)) args[name] = (octet & (1 << i)) !== 0;
      });
    },
    write(writer, args) {
      let octet = 0;
      names.forEach((name, i) => {
        if (args[name] === true) octet |= 1 << i;
      });
      writer.octet(octet);
    },
  };
}

/** Arguments as they lie on the wire: one, or the names of bits that share an octet. */
export type Layout = readonly (
  | { readonly name: string; readonly domain: ValueDomain }
  | { readonly bits: readonly string[] }
)[];

/** Gathers the bits of an argument list into octets. */
export function layoutOf(args: MethodSpec['args']): Layout {
  const layout: ({ name: string; domain: ValueDomain } | { bits: string[] })[] = [];
  for (const [name, domain] of args) {
    const last = layout.at(-1);
    if (domain !== 'bit') layout.push({ name, domain });
    else if (last !== undefined && 'bits' in last && last.bits.length < 8) last.bits.push(name);
    else layout.push({ bits: [name] });
  }
  return layout;
}

/** Reads and writes a list of arguments, of a method or of anything else that is declared so. */
export interface ArgumentsCodec {
  read(reader: Reader): Record<string, unknown>;
  write(writer: Writer, args: Readonly<Record<string, unknown>>): void;
}

export function argumentsCodec(list: MethodSpec['args']): ArgumentsCodec {
  const parts = layoutOf(list).map((entry) => (
    'bits' in entry ? bitsPart(entry.bits) : valuePart(entry.name, entry.domain)
  ));
  return {
    read(reader) {
      const args: AnyArgs = {};
      for (const part of parts) part.read(reader, args);
      return args;
    },
    write(writer, args) {
      for (const part of parts) part.write(writer, args);
    },
  };
}

/**
 * What the table says of methods that come once a message, written out: a quarter of the time.
 * Of publishes, which come as often, nothing is decoded that is not asked for; see content.ts.
 */
const hotReads: { readonly [N in MethodName]?: (reader: Reader) => MethodArgs<N> } = {
  'basic.ack': (reader) => {
    const deliveryTag = reader.longlong();
    return { deliveryTag, multiple: (reader.octet() & 1) !== 0 };
  },
};

function buildCodec(name: MethodName): MethodCodec {
  const spec: MethodSpec = methods[name];
  const codec = argumentsCodec(spec.args);
  const read = hotReads[name] ?? codec.read;
  return {
    name,
    spec,
    decode(reader) {
      const args = read(reader);
      if (reader.remaining !== 0) {
        throw new AmqpError('SYNTAX_ERROR', `octets left over after ${name}`, spec.id);
      }
      return args as MethodArgs<MethodName>;
    },
    encode(writer, args) {
      codec.write(writer, args as AnyArgs);
    },
  };
}

const codecsByName = new Map<MethodName, MethodCodec>();
const codecsById = new Map<number, MethodCodec>();
for (const name of Object.keys(methods) as MethodName[]) {
  const codec = buildCodec(name);
  const [classId, methodId] = codec.spec.id;
  codecsByName.set(name, codec);
  codecsById.set(classId * 0x1_0000 + methodId, codec);
}

/** The method with these ids, where there is one. */
export function methodById(classId: number, methodId: number): MethodCodec | undefined {
  return codecsById.get(classId * 0x1_0000 + methodId);
}

/** The codec of a method. */
export function methodCodec<N extends MethodName>(name: N): MethodCodec<N> {
  return codecsByName.get(name) as unknown as MethodCodec<N>;
}

/** A whole method frame. */
export function writeMethod<N extends MethodName>(
  writer: Writer, channel: number, name: N, args: MethodArgs<N>,
): void {
  const codec = methodCodec(name);
  const frame = writer.beginFrame(frameTypes.method, channel);
  writer.short(codec.spec.id[0]);
  writer.short(codec.spec.id[1]);
  codec.encode(writer, args);
  writer.endFrame(frame);
}
