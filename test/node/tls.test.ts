/** AMQP and AMQP over WebSocket, encrypted; certificates are checked before anybody connects. */
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates, writeBeside } from './certificate.ts';
import { run, startReady, type Ready } from './command.ts';
import { freePortFlags } from '../support/free-port.ts';

describe.runIf(canMakeCertificates)('TLS', () => {
  const certificates = useCertificates();

  function tlsFlags(authority = false): string[] {
    const { server, authority: signer } = certificates;
    const flags = ['--tls-cert', server.certificate, '--tls-key', server.key];
    if (authority) flags.push('--tls-ca', signer.certificate);
    return [...flags, '--amqps-port', '0', '--https-port', '0'];
  }

  async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({
      host: '127.0.0.1', port, servername: 'localhost', ca: certificates.authority.pem, ...options,
    });
    onTestFinished(() => void socket.destroy());
    await within('a TLS connection', once(socket, 'secureConnect'));
    return socket;
  }

  /** The first frame of the broker, after the protocol header was sent. */
  async function greet(socket: TLSSocket): Promise<string> {
    socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'));
    const [chunk] = await within('connection.start', once(socket, 'data'));
    return (chunk as Buffer).subarray(0, 3).toString('hex');
  }

  async function greetOverWebSocket({ https }: Ready): Promise<string> {
    const webSocket = new WebSocket(`wss://localhost:${https}/ws/amqp`, 'amqp', {
      ca: certificates.authority.pem,
    });
    onTestFinished(() => webSocket.terminate());
    await within('a WebSocket', once(webSocket, 'open'));
    webSocket.send(Buffer.from('AMQP\0\0\x09\x01', 'latin1'));
    const [message] = await within('connection.start', once(webSocket, 'message'));
    return (message as Buffer).subarray(0, 3).toString('hex');
  }

  const METHOD_FRAME_ON_CHANNEL_0 = '010000';

  test('serves AMQP and WebSocket beside the plain ports', async () => {
    const { ready } = await startReady({ flags: tlsFlags() });
    expect(Object.keys(ready)).toEqual([
      'ready', 'amqp', 'http', 'metrics', 'amqps', 'https', 'host', 'hosts', 'data',
    ]);
    expect(await greet(await openTls(ready.amqps!))).toBe(METHOD_FRAME_ON_CHANNEL_0);
    expect(await greetOverWebSocket(ready)).toBe(METHOD_FRAME_ON_CHANNEL_0);
  });

  test('is off where no certificate is given', async () => {
    const { ready } = await startReady();
    expect(Object.keys(ready)).toEqual(['ready', 'amqp', 'http', 'metrics', 'host', 'hosts', 'data']);
  });

  test('refuses a client certificate that none of the authorities signed, and takes the others', async () => {
    const { ready } = await startReady({ flags: tlsFlags(true) });
    const { client, stranger } = certificates;
    expect(await greet(await openTls(ready.amqps!))).toBe(METHOD_FRAME_ON_CHANNEL_0);
    const known = await openTls(ready.amqps!, { cert: client.pem, key: client.keyPem });
    expect(await greet(known)).toBe(METHOD_FRAME_ON_CHANNEL_0);
    for (const port of [ready.amqps!, ready.https!]) {
      const unknown = connect({
        host: '127.0.0.1', port, servername: 'localhost', ca: certificates.authority.pem,
        cert: stranger.pem, key: stranger.keyPem,
      });
      // Whether the loss shows as an error or as an end is up to the timing of the handshake.
      unknown.on('error', () => {});
      unknown.on('data', () => expect.unreachable('the stranger was served'));
      await within('the stranger to be dropped', new Promise((resolve) => unknown.once('close', resolve)));
    }
  });

  /** The suite that is agreed on, or why none was. */
  async function agree(port: number, options: ConnectionOptions): Promise<string> {
    const socket = connect({
      host: '127.0.0.1', port, servername: 'localhost', ca: certificates.authority.pem, ...options,
    });
    onTestFinished(() => void socket.destroy());
    const agreed = new Promise<string>((resolve) => {
      socket.once('secureConnect', () => resolve(`${socket.getProtocol()} ${socket.getCipher().name}`));
      socket.once('error', () => resolve('refused'));
      socket.once('close', () => resolve('refused'));
    });
    return await within('an end of the handshake', agreed);
  }

  const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' } as const;
  const cbc = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
  const gcm = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;

  test('speaks 1.2 and later, in suites with forward secrecy and authenticated encryption alone', async () => {
    const { ready } = await startReady({ flags: tlsFlags() });
    for (const port of [ready.amqps!, ready.https!]) {
      expect(await agree(port, {})).toMatch(/^TLSv1.3 /);
      expect(await agree(port, gcm)).toBe('TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256');
      expect(await agree(port, cbc)).toBe('refused');
      expect(await agree(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES128-GCM-SHA256' })).toBe('refused');
      expect(await agree(port, old)).toBe('refused');
    }
  });

  test('speaks other versions and suites where it is told to', async () => {
    const strict = await startReady({ flags: [...tlsFlags(), '--tls-min-version', '1.3'] });
    expect(await agree(strict.ready.amqps!, gcm)).toBe('refused');
    expect(await agree(strict.ready.amqps!, {})).toMatch(/^TLSv1.3 /);
    const lax = await startReady({
      flags: [...tlsFlags(), '--tls-min-version', '1.1', '--tls-ciphers', 'ECDHE-ECDSA-AES128-SHA@SECLEVEL=0'],
    });
    expect(await agree(lax.ready.amqps!, cbc)).toBe('TLSv1.2 ECDHE-ECDSA-AES128-SHA');
    expect(await agree(lax.ready.amqps!, old)).toBe('TLSv1.1 ECDHE-ECDSA-AES128-SHA');
  });

  test('is not disturbed by a client that speaks none', async () => {
    const { ready } = await startReady({ flags: tlsFlags() });
    const socket = await openTls(ready.amqps!);
    const plain = new WebSocket(`ws://127.0.0.1:${ready.amqps}`);
    await within('the plain client to fail', once(plain, 'error'));
    expect(await greet(socket)).toBe(METHOD_FRAME_ON_CHANNEL_0);
  });

  test.each<[string, () => string[], string]>([
    [
      'a certificate that is not there',
      () => ['--tls-cert', '/nowhere/x.pem', '--tls-key', certificates.server.key],
      'Cannot read the TLS certificate /nowhere/x.pem: there is no such file.',
    ],
    [
      'a key that is not there',
      () => ['--tls-cert', certificates.server.certificate, '--tls-key', '/nowhere/x.key'],
      'Cannot read the TLS key /nowhere/x.key: there is no such file.',
    ],
    [
      'a certificate that is a folder',
      () => ['--tls-cert', certificates.folder, '--tls-key', certificates.server.key],
      'Cannot read the TLS certificate .*: it is a directory.',
    ],
    [
      'a certificate that is none',
      () => ['--tls-cert', certificates.server.key, '--tls-key', certificates.server.key],
      'The certificate .* is not a PEM certificate: .*',
    ],
    [
      'a key that is none',
      () => ['--tls-cert', certificates.server.certificate, '--tls-key', certificates.server.certificate],
      'The key .* is not a PEM private key without a passphrase: .*',
    ],
    [
      'a key of another certificate',
      () => ['--tls-cert', certificates.server.certificate, '--tls-key', certificates.client.key],
      'The key .*client.key does not belong to .*server.pem: .*',
    ],
    [
      'authorities that are none',
      () => [...tlsFlags(), '--tls-ca', writeBeside(certificates, 'ca.pem', '-----BEGIN CERTIFICATE-----\nx')],
      'The certificate authorities .*ca.pem are not PEM certificates: .*',
    ],
    [
      'cipher suites that are none',
      () => [...tlsFlags(), '--tls-ciphers', 'nonsense'],
      'There are no such TLS cipher suites: nonsense: .*',
    ],
    [
      'a version that is none',
      () => [...tlsFlags(), '--tls-min-version', '2'],
      "The flag --tls-min-version must be 1.0 or 1.1 or 1.2 or 1.3, not '2'.",
    ],
    [
      'suites without a certificate',
      () => ['--tls-ciphers', 'DEFAULT'],
      'TLS needs both a certificate and its key: --tls-cert and --tls-key.',
    ],
    [
      'a certificate without a key',
      () => ['--tls-cert', certificates.server.certificate],
      'TLS needs both a certificate and its key: --tls-cert and --tls-key.',
    ],
    [
      'authorities without a certificate',
      () => ['--tls-ca', certificates.authority.certificate],
      'TLS needs both a certificate and its key: --tls-cert and --tls-key.',
    ],
  ])('does not start with %s', async (_what, flags, sentence) => {
    const { code, stdout, stderr } = await run({ flags: [...freePortFlags, ...flags()] });
    expect(stderr).toMatch(new RegExp(`^${sentence}\n$`));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
