/** Clients that log in by their certificate, and mechanisms by configuration. */
import amqplib, { type ChannelModel } from 'amqplib';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { nameIn } from '../../node/certificate-name.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates, type Certificate } from './certificate.ts';

describe('the name in a certificate', () => {
  const certificate = {
    subject: 'C=DE\nO=Example\\, Inc.\nCN=ann\\+\\"1\\"',
    subjectAltName: 'DNS:ann.example.com, email:"ann\\u002cb@example.com", URI:urn:ann, DNS:other',
  };

  test.each([
    ['distinguished-name', 'CN=ann\\+\\"1\\",O=Example\\, Inc.,C=DE'],
    ['common-name', 'ann+"1"'],
    ['san-dns', 'ann.example.com'],
    ['san-email', 'ann,b@example.com'],
    ['san-uri', 'urn:ann'],
  ] as const)('is its %s', (field, name) => {
    expect(nameIn(certificate, field)).toBe(name);
  });

  test('is none where it has no such field', () => {
    const bare = { subject: 'O=Example', subjectAltName: undefined } as never;
    expect(nameIn(bare, 'common-name')).toBeUndefined();
    expect(nameIn(bare, 'san-email')).toBeUndefined();
  });
});

describe.runIf(canMakeCertificates)('EXTERNAL', () => {
  const certificates = useCertificates();

  async function start(loginFrom: 'distinguished-name' | 'san-email', options: GatewayOptions = {}): Promise<Gateway> {
    const { server, authority } = certificates;
    const { certificate, key } = server;
    const gateway = await startGateway({
      ports: { amqp: 0, http: 0, amqps: 0, https: 0 },
      tls: { certificate, key, authorities: authority.certificate, loginFrom },
      ...options,
    });
    onTestFinished(() => gateway.stop());
    for (const name of ['CN=ann,O=Example', 'ann@example.com']) {
      gateway.broker.access.users.put(name, { tags: [], passwordHash: '' });
      gateway.broker.access.permissions.set(name, '/', { configure: '', write: '', read: '' });
    }
    return gateway;
  }

  async function enter(
    gateway: Gateway, holder?: Certificate, credentials = amqplib.credentials.external(),
  ): Promise<ChannelModel> {
    const connection = await amqplib.connect(`amqps://localhost:${gateway.ports.amqps}`, {
      ca: [certificates.authority.pem], credentials, servername: 'localhost',
      ...(holder && { cert: holder.pem, key: holder.keyPem }),
    });
    onTestFinished(() => connection.close().catch(() => {}));
    return connection;
  }

  test('lets in whom the certificate names, without a password, with what that user may do', async () => {
    const gateway = await start('distinguished-name');
    await enter(gateway, certificates.ann);
    expect([...gateway.broker.connections][0]!.info).toMatchObject({ user: 'CN=ann,O=Example', vhost: '/' });
    const refused = gateway.broker.events$;
    const text = new Promise((resolve) => void refused.subscribe((event) => {
      if (event.type === 'connection.refused') resolve(event.text);
    }));
    await expect(enter(gateway, certificates.client)).rejects.toThrow('ACCESS_REFUSED - Login was refused');
    expect(await within('the refusal', text)).toContain('mechanism EXTERNAL');
  });

  test('takes an alternative name where that is asked for', async () => {
    const gateway = await start('san-email');
    await enter(gateway, certificates.ann);
    expect([...gateway.broker.connections].map(({ info }) => info.user)).toEqual(['ann@example.com']);
  });

  test('is offered to those alone who showed a certificate, over WebSocket too', async () => {
    const gateway = await start('distinguished-name');
    await expect(enter(gateway)).rejects.toThrow(/EXTERNAL/);
    await enter(gateway, undefined, amqplib.credentials.plain('guest', 'guest'));
    const greetings = await Promise.all([certificates.ann, undefined].map(async (holder) => {
      const webSocket = new WebSocket(`wss://localhost:${gateway.ports.https}/ws/amqp`, 'amqp', {
        ca: certificates.authority.pem, ...(holder && { cert: holder.pem, key: holder.keyPem }),
      });
      onTestFinished(() => webSocket.terminate());
      await within('a WebSocket', once(webSocket, 'open'));
      webSocket.send(Buffer.from('AMQP\0\0\x09\x01', 'latin1'));
      const [message] = await within('connection.start', once(webSocket, 'message'));
      return /PLAIN AMQPLAIN[ A-Z]*/.exec(String(message))?.[0];
    }));
    expect(greetings).toEqual(['PLAIN AMQPLAIN EXTERNAL', 'PLAIN AMQPLAIN']);
  });

  test('may be the only way in', async () => {
    const gateway = await start('distinguished-name', { mechanisms: ['EXTERNAL'] });
    await enter(gateway, certificates.ann);
    const byPassword = enter(gateway, certificates.ann, amqplib.credentials.plain('guest', 'guest'));
    await expect(byPassword).rejects.toThrow(/PLAIN/);
  });

  test('needs authorities, and a field that names users', async () => {
    const { certificate, key } = certificates.server;
    const tls = { certificate, key, loginFrom: 'common-name' } as const;
    const ports = { amqp: 0, http: 0, amqps: 0, https: 0 };
    await expect(startGateway({ ports, tls })).rejects.toThrow('--tls-ca names it');
    await expect(startGateway({ ports, mechanisms: ['EXTERNAL'] })).rejects.toThrow('--tls-login-from says it');
  });
});
