/** What the compiler infers from the method table. Checked by `npm run typecheck`, never run. */
import { expectTypeOf } from 'vitest';
import { methodById, methodCodec, writeMethod } from '../../core/protocol/codec.ts';
import type {
  Decimal, FieldTable, FieldValue, From, Handlers, MethodArgs, MethodName, Peer, Properties, ReplyTo,
} from '../../core/protocol/types.ts';
import type { Writer } from '../../core/protocol/writer.ts';

declare const writer: Writer;

// Arguments have the types of their domains and are read-only; reserved ones vanish.
expectTypeOf<MethodArgs<'queue.declare'>>().toEqualTypeOf<{
  readonly queue: string;
  readonly passive: boolean;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly noWait: boolean;
  readonly arguments: FieldTable;
}>();
expectTypeOf<MethodArgs<'basic.ack'>>().toEqualTypeOf<{
  readonly deliveryTag: number; readonly multiple: boolean;
}>();
expectTypeOf<MethodArgs<'connection.start-ok'>['response']>().toEqualTypeOf<Uint8Array>();
expectTypeOf<MethodArgs<'connection.start'>['mechanisms']>().toEqualTypeOf<string>();
expectTypeOf<MethodArgs<'connection.open'>>().toEqualTypeOf<{ readonly virtualHost: string }>();
expectTypeOf<keyof MethodArgs<'channel.open'>>().toBeNever();
expectTypeOf<MethodArgs<'basic.qos-ok' | 'basic.cancel-ok'>>()
  .toEqualTypeOf<MethodArgs<'basic.qos-ok'> | MethodArgs<'basic.cancel-ok'>>();

// Who may send what.
expectTypeOf<'basic.publish'>().toExtend<From<'client'>>();
expectTypeOf<'basic.publish'>().not.toExtend<From<'server'>>();
expectTypeOf<'basic.deliver'>().toExtend<From<'server'>>();
expectTypeOf<'basic.deliver'>().not.toExtend<From<'client'>>();
expectTypeOf<'channel.close'>().toExtend<From<'client'> & From<'server'>>();
expectTypeOf<From<'client'> | From<'server'>>().toEqualTypeOf<MethodName>();
expectTypeOf<From<'client'> & From<'server'>>().toEqualTypeOf<
  | 'basic.ack' | 'basic.cancel' | 'basic.cancel-ok' | 'basic.nack' | 'channel.close'
  | 'channel.close-ok' | 'channel.flow' | 'channel.flow-ok' | 'connection.close'
  | 'connection.close-ok'
>();
expectTypeOf<Peer<'client'>>().toEqualTypeOf<'server'>();

// What answers what.
expectTypeOf<ReplyTo<'queue.bind'>>().toEqualTypeOf<'queue.bind-ok'>();
expectTypeOf<ReplyTo<'basic.get'>>().toEqualTypeOf<'basic.get-ok' | 'basic.get-empty'>();
expectTypeOf<ReplyTo<'basic.publish'>>().toBeNever();
expectTypeOf<ReplyTo<From<'client'>>>().toExtend<From<'server'>>();

// A server answers to all that a client may send, and to nothing else.
expectTypeOf<keyof Handlers<'server'>>().toEqualTypeOf<From<'client'>>();
expectTypeOf<Handlers<'client', [channel: number]>['basic.cancel']>()
  .toEqualTypeOf<(args: MethodArgs<'basic.cancel'>, channel: number) => void>();

// Properties are optional, each of its domain; an explicit undefined is not one.
expectTypeOf<Properties['timestamp']>().toEqualTypeOf<number | undefined>();
expectTypeOf<Properties['headers']>().toEqualTypeOf<FieldTable | undefined>();
expectTypeOf<{ deliveryMode: 2 }>().toExtend<Properties>();
expectTypeOf<{ deliveryMode: '2' }>().not.toExtend<Properties>();
expectTypeOf<{ deliveryMode: undefined }>().not.toExtend<Properties>();

expectTypeOf<FieldTable[string]>().toEqualTypeOf<FieldValue>();
expectTypeOf<Decimal | Date | Uint8Array | bigint | null>().toExtend<FieldValue>();
expectTypeOf<undefined>().not.toExtend<FieldValue>();

// Codecs keep the name's type.
expectTypeOf(methodCodec('basic.ack').decode).returns.toEqualTypeOf<MethodArgs<'basic.ack'>>();
expectTypeOf(methodById(60, 80)!.name).toEqualTypeOf<MethodName>();
writeMethod(writer, 1, 'basic.ack', { deliveryTag: 1, multiple: false });
// @ts-expect-error An argument is missing.
writeMethod(writer, 1, 'basic.ack', { deliveryTag: 1 });
// @ts-expect-error Reserved arguments are no one's business.
writeMethod(writer, 0, 'connection.open', { virtualHost: '/', reserved1: '' });
// @ts-expect-error There is no such method.
writeMethod(writer, 1, 'basic.unpublish', {});
// @ts-expect-error A tag is a number.
writeMethod(writer, 1, 'basic.ack', { deliveryTag: '1', multiple: false });
