/** What the compiler infers for users of the client. Checked by `npm run typecheck`, never run. */
import type { Observable } from 'rxjs';
import { expectTypeOf } from 'vitest';
import type {
  CallName, Channel, Confirmation, Connection, Delivery, FieldTable, Outgoing, RecoveringConnection, SendName,
} from '../../core/client/index.ts';

declare const channel: Channel;
declare const connection: Connection;
declare const recovering: RecoveringConnection;
declare const tasks$: Observable<Outgoing & { readonly task: number }>;

// A call has the arguments and the reply of its method in the table.
expectTypeOf(channel.call('queue.declare', { queue: 'q' })).toEqualTypeOf<Observable<{
  readonly queue: string; readonly messageCount: number; readonly consumerCount: number;
}>>();
expectTypeOf(channel.call('queue.purge', { queue: 'q', noWait: true }))
  .toEqualTypeOf<Observable<{ readonly messageCount: number }>>();
expectTypeOf(channel.call('basic.get', { queue: 'q' })).toEqualTypeOf<Observable<Delivery | undefined>>();
// @ts-expect-error -- no such argument
channel.call('queue.declare', { name: 'q' });
// @ts-expect-error -- of another type
channel.call('basic.qos', { prefetchCount: '1' });
// @ts-expect-error -- the server's to send
channel.call('basic.deliver', {});
// @ts-expect-error -- it has no reply: `send` sends it
channel.call('basic.ack', {});
// @ts-expect-error -- the client's own affair
channel.call('channel.close', {});

// Each method of a client is a call or is sent, but for the handshakes and basic.publish.
expectTypeOf<CallName & SendName>().toBeNever();
expectTypeOf<'basic.ack' | 'basic.nack' | 'basic.reject' | 'basic.recover-async'>().toEqualTypeOf<SendName>();
expectTypeOf<'tx.commit'>().toExtend<CallName>();
channel.send('basic.ack', { deliveryTag: 1, multiple: true });

// What is published comes back as it was given, and its fates can be told apart.
for (const publishing of [channel, connection, recovering]) {
  expectTypeOf(tasks$.pipe(publishing.publisher({ exchange: 'e', inFlightMax: 10 })))
    .toExtend<Observable<Confirmation<Outgoing>>>();
}
channel.publish({ body: '', task: 1 }).subscribe((confirmation) => {
  expectTypeOf(confirmation.message.task).toEqualTypeOf<number>();
  expectTypeOf(confirmation.kind)
    .toEqualTypeOf<'confirmed' | 'nacked' | 'returned' | 'sent' | 'unconfirmed'>();
  if (confirmation.kind === 'returned') expectTypeOf(confirmation.returned.replyCode).toBeNumber();
  if (confirmation.kind === 'unconfirmed') expectTypeOf(confirmation.written).toBeBoolean();
});

expectTypeOf(connection.serverProperties).toEqualTypeOf<FieldTable>();
