/** Opening, logging in and closing. */
import { retry, switchMap, timer } from 'rxjs';
import { expect } from 'vitest';
import { connect } from '../../../node/client.ts';
import { Inbox } from '../../clients/waiting.ts';
import { failure, first, unique, type Site } from './site.ts';

export function connections(site: Site): void {
  site.test('opens, tells what the broker is, and is agreed on limits', async () => {
    const connection = await site.connected({ heartbeat: 7, channelMax: 9, frameMax: 8192, connectionName: 'mine' });
    expect(JSON.stringify(connection.serverProperties)).toContain(site.product);
    expect(connection.tuning).toEqual({ heartbeat: 7, channelMax: 9, frameMax: 8192 });
    expect(connection.open).toBe(true);
    expect(await first(connection.blocked$)).toBe(false);
  });

  site.test('closes in order when it is unsubscribed, so that exclusive queues go at once', async () => {
    const other = await site.connected();
    const queue = unique('exclusive');
    const declared = new Inbox<unknown>();
    const connecting = connect(site.url()).subscribe((connection) => {
      connection.channel().subscribe((channel) => {
        channel.declareQueue(queue, { durable: false, exclusive: true }).subscribe(declared.put);
      });
    });
    await declared.take('queue.declare-ok');
    const declaring$ = other.channel().pipe(
      switchMap((channel) => channel.declareQueue(queue, { durable: false, exclusive: true })),
    );
    expect(await failure(declaring$)).toMatchObject({ name: 'ReplyError', replyCode: 405, scope: 'channel' });
    connecting.unsubscribe();
    expect(await first(declaring$.pipe(retry({ delay: () => timer(20) })))).toMatchObject({ queue });
  });

  site.test('logs in by AMQPLAIN', async () => {
    expect((await site.connected({ authMechanism: 'AMQPLAIN' })).open).toBe(true);
  });

  site.test.each([
    [{ password: 'wrong' }, { name: 'ReplyError', replyCode: 403, replyName: 'ACCESS_REFUSED' }],
    [{ vhost: 'nowhere-at-all' }, { name: 'ReplyError', replyCode: 530, replyName: 'NOT_ALLOWED' }],
    [{ authMechanism: 'EXTERNAL' }, { name: 'LostError' }],
  ])('is refused with %j', async (options, expected) => {
    const error = await failure(connect({ url: `amqp://${site.broker.host}:${site.broker.port}`, ...options }));
    expect(error).toMatchObject({ ...expected, scope: 'connection' });
  });
}
