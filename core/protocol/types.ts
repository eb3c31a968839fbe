import type { basicProperties, Domain, methods } from './spec.ts';

type Methods = typeof methods;

/** The two ends of a connection. */
export type Role = 'client' | 'server';

/** Every method of AMQP 0-9-1 and of RabbitMQ's extensions, such as `basic.publish`. */
export type MethodName = keyof Methods;

/**
 * A fixed-point number, `value` divided by ten to the power of `scale`. A class, because a field
 * table may well have two entries of these names.
 */
export class Decimal {
  /** Digits after the point, 0 to 255. */
  readonly scale: number;
  /** All digits, as an unsigned 32-bit integer. */
  readonly value: number;

  constructor(scale: number, value: number) {
    this.scale = scale;
    this.value = value;
  }
}

/**
 * A value that holds no others. Integers are numbers up to 2^53 and bigints beyond; bytes that are
 * not text are a Uint8Array; `null` is the void value.
 */
export type FieldScalar = null | boolean | number | bigint | string | Uint8Array | Date | Decimal;

/** What a field table may hold. */
export type FieldValue = FieldScalar | FieldValue[] | FieldTable;

/** Arguments and headers. A decoded one has no prototype, so that any key is safe. */
export interface FieldTable {
  [key: string]: FieldValue;
}

/** What each domain is in TypeScript. */
export interface DomainTypes {
  bit: boolean;
  octet: number;
  short: number;
  long: number;
  longlong: number;
  shortstr: string;
  longstr: string;
  bytes: Uint8Array;
  timestamp: number;
  table: FieldTable;
}

type Fields = readonly (readonly [string, Domain])[];

type ArgsOf<F extends Fields> = {
  readonly [E in F[number] as E[0] extends `reserved${string}` ? never : E[0]]: DomainTypes[E[1]];
};

/** Arguments of a method; those that the protocol reserves do not appear. */
export type MethodArgs<N extends MethodName> =
  N extends MethodName ? ArgsOf<Methods[N]['args']> : never;

/** Methods that a role may send. */
export type From<R extends Role> = {
  [N in MethodName]: Methods[N]['from'] extends R | 'both' ? N : never;
}[MethodName];

/** Methods one of which answers N; never, where N has no reply. */
export type ReplyTo<N extends MethodName> =
  N extends MethodName
    ? Methods[N] extends { readonly sync: readonly (infer Reply extends MethodName)[] }
      ? Reply
      : never
    : never;

/** The other end. */
export type Peer<R extends Role> = R extends 'client' ? 'server' : 'client';

/** What role R does on each method that its peer may send. */
export type Handlers<R extends Role, Rest extends readonly unknown[] = []> = {
  readonly [N in From<Peer<R>>]: (args: MethodArgs<N>, ...rest: Rest) => void;
};

/** Name of a property of the basic class. */
export type PropertyName = (typeof basicProperties)[number][0];

/** Properties of a message. */
export type Properties = {
  readonly [E in (typeof basicProperties)[number] as E[0]]?: DomainTypes[E[1]];
};
