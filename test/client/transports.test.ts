/** The client of Node by every way to a broker, to the same end. */
import { MessageChannel } from 'node:worker_threads';
import { firstValueFrom, switchMap, take } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { Broker, BufferPool, hostClock, servePort } from '../../core/index.ts';
import { connect, type ConnectOptions } from '../../node/client.ts';
import { startGateway } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from '../node/certificate.ts';

/** Sends one message around: what came back, or what it failed with. */
function roundTrip(options: ConnectOptions): Promise<string> {
  return within('the message', firstValueFrom(connect(options).pipe(
    switchMap((connection) => connection.channel()),
    switchMap((channel) => channel.declareQueue('', { durable: false, exclusive: true }).pipe(
      switchMap(({ queue }) => channel.publish({ routingKey: queue, body: 'x'.repeat(200_000) }).pipe(
        switchMap(() => channel.consume(queue, { noAck: true })),
      )),
    )),
    take(1), switchMap(async (delivery) => delivery.text()),
  )));
}

test('TCP and WebSocket', async () => {
  const { ports, stop } = await startGateway({ ports: { amqp: 0, http: 0 } });
  onTestFinished(stop);
  for (const url of [`amqp://127.0.0.1:${ports.amqp}`, `ws://guest:guest@127.0.0.1:${ports.http}/ws/amqp?vhost=%2f`]) {
    expect(await roundTrip({ url })).toHaveLength(200_000);
  }
});

test('a MessagePort', async () => {
  const clock = hostClock({ defer: (run) => void setImmediate(run) });
  const pool = new BufferPool();
  const broker = new Broker({ clock });
  const { port1, port2 } = new MessageChannel();
  const serving = servePort(port1, broker.serve, { clock, pool }).subscribe();
  onTestFinished(() => serving.unsubscribe());
  expect(await roundTrip({ messagePort: port2 })).toHaveLength(200_000);
});

const certificates = useCertificates();

test.runIf(canMakeCertificates)('TLS, and WebSocket over it, for whoever trusts the authority', async () => {
  const { ports, stop } = await startGateway({
    ports: { amqp: 0, http: 0, amqps: 0, https: 0 }, tls: certificates.server,
  });
  onTestFinished(stop);
  const ca = encodeURIComponent(certificates.authority.certificate);
  for (const url of [`amqps://localhost:${ports.amqps}`, `wss://localhost:${ports.https}/`]) {
    expect(await roundTrip({ url: `${url}?cacertfile=${ca}` })).toHaveLength(200_000);
    await expect(roundTrip({ url })).rejects.toMatchObject({
      name: 'DialError', message: expect.stringMatching(/signed by nobody who is trusted here/),
    });
  }
});
