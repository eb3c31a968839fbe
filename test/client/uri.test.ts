/** What URIs of brokers mean, and what is said of bad ones. */
import { expect, test } from 'vitest';
import { readSettings, type ConnectOptions } from '../../core/client/options.ts';
import { parseUri, type UriParts } from '../../core/client/uri.ts';

const amqp = { scheme: 'amqp', host: 'localhost', port: 5672, path: '' } as const;

test.each<[string, UriParts]>([
  ['amqp://', amqp],
  ['amqp://localhost', amqp],
  ['AMQP://localhost/', amqp],
  ['amqps://broker', { scheme: 'amqps', host: 'broker', port: 5671, path: '' }],
  ['amqp://user:pass@host:10000/vhost', {
    ...amqp, host: 'host', port: 10_000, user: 'user', password: 'pass', vhost: 'vhost',
  }],
  ['amqp://user%61:%61pass@ho%61st:1/v%2fhost', {
    ...amqp, host: 'hoast', port: 1, user: 'usera', password: 'apass', vhost: 'v/host',
  }],
  ['amqp://a:b:c%40@host', { ...amqp, host: 'host', user: 'a', password: 'b:c@' }],
  ['amqp://user@host', { ...amqp, host: 'host', user: 'user' }],
  ['amqp://:@host', { ...amqp, host: 'host', user: '', password: '' }],
  ['amqp://host/%2f', { ...amqp, host: 'host', vhost: '/' }],
  ['amqp://[::1]:5673/v', { ...amqp, host: '::1', port: 5673, vhost: 'v' }],
  ['amqp://[::1]', { ...amqp, host: '::1' }],
  ['amqp://h?heartbeat=0&frame_max=0&channel_max=65535&connection_timeout=1', {
    ...amqp, host: 'h', heartbeat: 0, frameMax: 0, channelMax: 65_535, connectTimeoutMs: 1,
  }],
  ['amqp://h?auth_mechanism=external&auth_mechanism=plain', {
    ...amqp, host: 'h', authMechanism: ['EXTERNAL', 'PLAIN'],
  }],
  ['amqp://h?auth_mechanism=plain%20amqplain', { ...amqp, host: 'h', authMechanism: ['PLAIN', 'AMQPLAIN'] }],
  ['amqps://h?cacertfile=/a%20b&certfile=c&keyfile=k&password=p&server_name_indication=s&verify=verify_none', {
    scheme: 'amqps', host: 'h', port: 5671, path: '',
    tls: { caFile: '/a b', certFile: 'c', keyFile: 'k', passphrase: 'p', servername: 's', rejectUnauthorized: false },
  }],
  ['amqps://h?verify=verify_peer', {
    scheme: 'amqps', host: 'h', port: 5671, path: '', tls: { rejectUnauthorized: true },
  }],
  ['ws://h', { scheme: 'ws', host: 'h', port: 80, path: '/' }],
  ['wss://u:p@h:1/ws/amqp?token=a%20b&vhost=%2fv&heartbeat=5&x', {
    scheme: 'wss', host: 'h', port: 1, path: '/ws/amqp?token=a%20b&x', user: 'u', password: 'p',
    vhost: '/v', heartbeat: 5,
  }],
  ['ws://h/a&b', { scheme: 'ws', host: 'h', port: 80, path: '/a&b' }],
])('%s', (uri, parts) => {
  expect(parseUri(uri)).toEqual(parts);
});

test.each<[string, RegExp]>([
  ['', /not of the form/],
  ['localhost', /not of the form/],
  ['amqp:/host', /not of the form/],
  ['amqp://host:1#fragment', /not of the form/],
  ['amqp://::1', /port is an integer/],
  ['http://host', /the scheme 'http' is none of amqp, amqps, ws and wss/],
  ['amqp://host:port', /port is an integer from 1 to 65535, not 'port'/],
  ['amqp://host:0', /port is an integer/],
  ['amqp://host:65536', /port is an integer/],
  ['amqp://host/a/b', /slash in the name of the virtual host 'a\/b' is written %2F/],
  ['amqp://ho%st', /'ho%st' is not percent-encoded/],
  ['amqp://host?heartbeat=-1', /heartbeat is an integer from 0 to 65535, not '-1'/],
  ['amqp://host?heartbeat=', /heartbeat is an integer/],
  ['amqp://host?hartbeat=1', /the parameter 'hartbeat' is not known/],
  ['amqp://host?constructor=1', /the parameter 'constructor' is not known/],
  ['amqp://host?connection_timeout=0', /connection_timeout is an integer from 1/],
  ['amqp://host?verify=verify_none', /TLS parameters, but its scheme is not encrypted/],
  ['amqps://host?verify=maybe', /verify is verify_peer or verify_none, not 'maybe'/],
  ['ws://', /it names no host/],
])("'%s' is refused", (uri, text) => {
  expect(() => parseUri(uri)).toThrow(expect.objectContaining({ name: 'UriError' }));
  expect(() => parseUri(uri)).toThrow(text);
});

test.each<[string, string | RegExp]>([
  ['amqp://user:secret@host:x', /^bad URI 'amqp:\/\/user:\*\*\*@host:x': port is an integer/],
  ['amqp://user:secret@host?x=1', "bad URI 'amqp://user:***@host?x=1': the parameter 'x' is not known"],
  ['amqp://user:se%cret@host', "bad URI 'amqp://user:***@host': the password is not percent-encoded"],
  ['amqp://user:sec@ret@host', /^bad URI 'amqp:\/\/user:\*\*\*@host': the user or the password is not percent-enc/],
  ['amqp://user:sec/ret@host', /^bad URI 'amqp:\/\/user:\*\*\*@host': the user or the password is not percent-enc/],
  ['amqp://user:sec?ret@host', /^bad URI 'amqp:\/\/user:\*\*\*@host': the user or the password is not percent-enc/],
  ['amqp://host?password=secret&x=1', /^bad URI 'amqp:\/\/host\?password=\*\*\*&x=1': the parameter 'x'/],
])('an error never shows the password: %s', (uri, text) => {
  expect(() => parseUri(uri)).toThrow(text);
});

test('what is given beside a URI goes before what it says, and defaults come last', () => {
  const url = 'amqp://u:p@host/v?heartbeat=1';
  expect(readSettings({ url, vhost: 'w', heartbeat: 2, connectionName: 'mine' } as ConnectOptions)).toMatchObject({
    name: 'amqp://host:5672', user: 'u', password: 'p', vhost: 'w', heartbeat: 2, channelMax: 2047, frameMax: 131_072,
    authMechanisms: ['PLAIN', 'AMQPLAIN'], clientProperties: { connection_name: 'mine' },
    endpoint: { connectTimeoutMs: 10_000 },
  });
  expect(readSettings({}))
    .toMatchObject({ name: 'amqp://localhost:5672', user: 'guest', password: 'guest', vhost: '/' });
  expect(readSettings({ user: 'other' }).password).toBe('');
  expect(readSettings({ messagePort: {} })).toMatchObject({ name: 'the MessagePort', endpoint: { scheme: 'port' } });
});

test.each<[ConnectOptions, RegExp]>([
  [{ heartbeat: 1.5 }, /heartbeat is an integer from 0 to 65535, not 1.5/],
  [{ channelMax: -1 }, /channelMax is an integer/],
  [{ frameMax: 100 }, /frameMax is an integer from 4096/],
  [{ url: 'amqp://h?frame_max=100' }, /frameMax is an integer from 4096/],
  [{ authMechanism: 'KERBEROS' }, /'KERBEROS' is none of PLAIN, AMQPLAIN, EXTERNAL, ANONYMOUS/],
  [{ connectTimeoutMs: Number.NaN }, /connectTimeoutMs is an integer from 1 to 2147483647, not NaN/],
  [{ messageBytesMax: -1 }, /messageBytesMax is an integer from 0/],
  [{ vhost: 'x'.repeat(256) }, /the virtual host takes 256 octets, where 255 are allowed/],
  [{ hostname: 'host' } as ConnectOptions, /the option 'hostname' is not known/],
  [5672 as unknown as ConnectOptions, /by a URI or by options, and not by 5672/],
  [null as unknown as ConnectOptions, /not by null/],
])('%j is refused', (options, text) => {
  expect(() => readSettings(options)).toThrow(text);
});
