/** What tokens of OAuth 2 say, and what becomes of a connection whose token ends or is renewed. */
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { describe, expect, test } from 'vitest';
import { Broker, VirtualClock } from '../../core/index.ts';
import { limits } from '../../core/limits.ts';
import { matches, readScopes } from '../../core/login/scopes.ts';
import { readClaims, type ClaimRules } from '../../core/login/token-claims.ts';
import { loginChain, TokenKeys, tokenLogin, type TokenKeysOptions } from '../../core/login/index.ts';
import { connect, type TestClient } from '../support/test-client.ts';
import { opened, until } from './waiting.ts';

const rules: ClaimRules = {
  audience: 'rabbitmq', resourceServerId: 'rabbitmq', prefix: 'rabbitmq.', aliases: {},
  additionalScopesKeys: [], userClaims: ['client_id', 'sub'],
};
const START_SECONDS = 1_700_000_000;

describe('scopes', () => {
  test('with the prefix are tags and permissions, others are nobody\'s', () => {
    const { tags, permissions } = readScopes([
      'rabbitmq.tag:administrator', 'rabbitmq.read:%2F/orders-*', 'rabbitmq.write:*/amq.topic/a.*',
      'read:*/*', 'rabbitmq.read:v', 'rabbitmq.delete:v/q', 'openid',
    ], rules);
    expect(tags).toEqual(['administrator']);
    expect(permissions).toEqual([
      { permission: 'read', vhost: '%2F', name: 'orders-*', routingKey: undefined },
      { permission: 'write', vhost: '*', name: 'amq.topic', routingKey: 'a.*' },
    ]);
  });

  test('are stood for by aliases', () => {
    const aliases = { developer: ['rabbitmq.tag:monitoring', 'rabbitmq.read:*/*'] };
    expect(readScopes(['developer'], { prefix: 'rabbitmq.', aliases })).toMatchObject({
      tags: ['monitoring'], permissions: [{ permission: 'read' }],
    });
  });

  test.each([
    ['*', '', true], ['*', 'any', true], ['a', 'a', true], ['a', 'ab', false], ['a*', 'ab', true], ['a*', 'ba', false],
    ['*b', 'ab', true], ['*b', 'ba', false], ['a*c', 'abc', true], ['a*c', 'ac', true], ['a*a', 'a', false],
    ['*a*b*', 'xaxbx', true], ['*a*b*', 'xbxax', false], ['%2F', '/', true], ['a%2Fb*', 'a/bc', true],
    ['%C3%A9', 'é', true], ['%', '%', true], ['%zz', '%zz', true], ['%ff', '%ff', true], ['.', 'a', false],
    ['{sub}-*', 'ann-1', true], ['{sub}-*', 'bob-1', false], ['{odd}', '*', true], ['{odd}', 'x', false],
    ['{no}', '{no}', true], ['{', '{', true],
  ])('%j matches %j: %j', (pattern, text, expected) => {
    const variables: Record<string, string> = { sub: 'ann', odd: '*' };
    expect(matches(pattern, text, (name) => variables[name])).toBe(expected);
  });
});

describe('claims', () => {
  test.each([
    ['a text', 'rabbitmq'], ['a list', ['other', 'rabbitmq']],
  ])('are for this broker where the audience as %s says so', (_form, aud) => {
    expect(readClaims({ aud, sub: 'ann' }, rules)).toMatchObject({ user: 'ann', subject: 'ann' });
  });

  test('for another audience, or none, are refused unless that is not looked at', () => {
    for (const aud of [undefined, 'rabbitmq2', ['other'], 'rabbitmq other']) {
      expect(readClaims({ aud }, rules)).toBeUndefined();
      expect(readClaims({ aud }, { ...rules, audience: undefined })).toMatchObject({ user: 'undefined' });
    }
  });

  test('name the user by client_id, then sub, or by what is asked for', () => {
    const claims = { aud: 'rabbitmq', sub: 'ann', client_id: 'app', profile: { name: 'Ann' } };
    expect(readClaims(claims, rules)).toMatchObject({ user: 'app', subject: 'ann' });
    expect(readClaims(claims, { ...rules, userClaims: ['no', 'profile.name'] })!.user).toBe('Ann');
  });

  test('have scopes as a text, as a list, of Keycloak, and where else it is said', () => {
    const own = (claims: object, keys: string[] = []): number => readClaims(
      { aud: 'rabbitmq', ...claims }, { ...rules, additionalScopesKeys: keys },
    )!.permissions.length;
    const [read, write] = ['rabbitmq.read:*/*', 'rabbitmq.write:*/*'];
    expect(own({ scope: `${read} ${write}` })).toBe(2);
    expect(own({ scope: [read, write] })).toBe(2);
    expect(own({ authorization: { permissions: [{ scopes: [read] }, { scopes: [write] }] } })).toBe(2);
    expect(own({ roles: [read] })).toBe(0);
    expect(own({ scope: read, roles: [write], deep: { er: write } }, ['roles', 'deep.er', 'none'])).toBe(3);
    expect(own({ extra: { rabbitmq: [read], other: [write] } }, ['extra'])).toBe(1);
  });
});

const keys = await generateKeyPair('ES256', { extractable: true });
const others = await generateKeyPair('ES256', { extractable: true });
const rsa = await generateKeyPair('RS256', { extractable: true });

interface TokenParts {
  readonly key?: CryptoKey | Uint8Array;
  readonly algorithm?: string;
  readonly id?: string | undefined;
}

function sign(claims: object, { key = keys.privateKey, algorithm = 'ES256', id }: TokenParts = {}): Promise<string> {
  const header = { alg: algorithm, ...(id !== undefined && { kid: id }) };
  return new SignJWT({ aud: 'rabbitmq', client_id: 'app', sub: 'ann', ...claims }).setProtectedHeader(header).sign(key);
}

const everything = ['configure', 'write', 'read'].map((permission) => `rabbitmq.${permission}:*/*`).join(' ');
const inAnHour = START_SECONDS + 3600;

async function staticKeys(): Promise<TokenKeysOptions> {
  return {
    keys: {
      main: { pem: await exportSPKI(keys.publicKey) },
      jwk: { jwk: await exportJWK(others.publicKey) },
      shared: { secret: 'a secret that both sides know, long enough' },
    },
    defaultKey: 'main',
  };
}

async function world(options?: TokenKeysOptions): Promise<{ broker: Broker; clock: VirtualClock; keys: TokenKeys }> {
  const clock = new VirtualClock(START_SECONDS * 1000);
  const tokenKeys = new TokenKeys(options ?? await staticKeys(), clock, () => Promise.reject(new Error('no server')));
  const byToken = tokenLogin(tokenKeys, rules, clock);
  const broker = new Broker(
    { clock, authenticator: (own) => loginChain([own, byToken]) },
    { untunedFrameBytesMax: limits.tokenFrameBytesMax },
  );
  return { broker, clock, keys: tokenKeys };
}

describe('a token', () => {
  test('signed with a key that is known is good', async () => {
    const { keys: known } = await world();
    const secret = new TextEncoder().encode('a secret that both sides know, long enough');
    await known.verify(await sign({}));
    await known.verify(await sign({}, { id: 'main' }));
    await known.verify(await sign({}, { id: 'jwk', key: others.privateKey }));
    await known.verify(await sign({}, { id: 'shared', key: secret, algorithm: 'HS256' }));
    await known.verify(await sign({ exp: inAnHour, nbf: START_SECONDS }));
  });

  test('that is not is refused', async () => {
    const { keys: known } = await world();
    const pem = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    const bad = [
      sign({}, { key: others.privateKey }),
      sign({}, { id: 'nobody' }),
      sign({}, { id: '__proto__' }),
      sign({}, { id: 'main', key: pem, algorithm: 'HS256' }),
      sign({}, { id: 'shared' }),
      sign({ exp: START_SECONDS - 1 }),
      sign({ nbf: START_SECONDS + 60 }),
      Promise.resolve(`${btoa('{"alg":"none"}')}.${btoa('{"aud":"rabbitmq"}')}.`.replaceAll('=', '')),
      Promise.resolve('a.b.c'),
    ];
    for (const token of bad) await expect(known.verify(await token)).rejects.toThrow();
    const strict = await world({ ...await staticKeys(), issuer: 'https://issuer', algorithms: ['RS256'] });
    await expect(strict.keys.verify(await sign({ iss: 'https://issuer' }))).rejects.toThrow();
  });

  test('stands for a password, and its holder may do what its scopes say', async () => {
    const { broker, clock } = await world();
    const scope = 'rabbitmq.configure:%2F/{client_id}-* rabbitmq.write:%2F/amq.topic/a.* rabbitmq.tag:impersonator';
    const client = await opened(connect(broker, clock, { user: 'whoever', password: await sign({ scope }) }));
    expect(client.end).toBeUndefined();
    expect([...broker.connections][0]!.info.user).toBe('app');
    expect([...broker.connections][0]!.identity.tags).toEqual(['impersonator']);
    client.channel().call('queue.declare', { queue: 'app-1' });
    const channel = client.channel();
    channel.publish('amq.topic', 'a.b', 'x');
    expect(channel.closed).toBeUndefined();
    channel.publish('amq.topic', 'b.a', 'x');
    expect(channel.closed?.replyText).toBe(
      "ACCESS_REFUSED - access to topic 'b.a' in exchange 'amq.topic' in vhost '/' refused for user 'app'",
    );
    const other = client.channel();
    other.send('queue.declare', { queue: 'other' });
    expect(other.closed?.replyText).toContain("access to queue 'other' in vhost '/' refused for user 'app'");
  });

  test('without a scope for the virtual host opens none, and garbage is a wrong password', async () => {
    const { broker, clock } = await world();
    const elsewhere = await sign({ scope: 'rabbitmq.read:other/*' });
    const client = await opened(connect(broker, clock, { password: elsewhere }));
    expect(client.closed?.replyText).toBe("NOT_ALLOWED - access to vhost '/' refused for user 'app'");
    const tooLong = await sign({ scope: everything, extra: 'x'.repeat(limits.tokenBytesMax) });
    for (const password of ['a.b.c', await sign({}, { key: others.privateKey }), tooLong]) {
      const refused = await opened(connect(broker, clock, { user: 'x', password }));
      expect(refused.closed?.replyCode).toBe(password === tooLong ? 501 : 403);
    }
    expect(connect(broker, clock).end).toBeUndefined();
  });

  test('may be larger than the frame in which a password comes', async () => {
    const { broker, clock } = await world();
    const password = await sign({ scope: everything, extra: 'x'.repeat(6000) });
    expect(password.length).toBeGreaterThan(limits.frameBytesMin);
    expect((await opened(connect(broker, clock, { password }))).end).toBeUndefined();
  });
});

describe('the end of a token', () => {
  async function entered(exp: number): Promise<{ broker: Broker; clock: VirtualClock; client: TestClient }> {
    const { broker, clock } = await world();
    const client = await opened(connect(broker, clock, { password: await sign({ scope: everything, exp }) }));
    return { broker, clock, client };
  }

  async function renew(client: TestClient, token: string): Promise<void> {
    const before = client.received.length;
    client.send('connection.update-secret', { newSecret: new TextEncoder().encode(token), reason: 'renewal' });
    await until(client, () => client.end !== undefined || client.received.length > before);
  }

  test('closes the connection with 320', async () => {
    const { clock, client } = await entered(inAnHour);
    clock.advanceBy(3_599_999);
    client.channel().call('queue.declare', { queue: 'q' });
    clock.advanceBy(1);
    client.run();
    expect(client.closed?.replyText).toBe("CONNECTION_FORCED - the login of user 'app' has expired");
  });

  test('is refused with 403 by what is asked before that is noticed', async () => {
    const { broker, clock, client } = await entered(inAnHour);
    const { identity } = [...broker.connections][0]!;
    const channel = client.channel();
    Object.defineProperty(clock, 'wall', { value: () => inAnHour * 1000 });
    channel.send('queue.declare', { queue: 'q' });
    expect(channel.closed?.replyText).toBe(
      "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'app', backend rabbit_auth_backend_oauth2 " +
        `returned an error: "Provided JWT token has expired at timestamp ${inAnHour} (validated at ${inAnHour})"`,
    );
    expect(identity.mayOpen('/')).toBe(false);
  });

  test('is put off by another token of the same subject, whose scopes count from then on', async () => {
    const { clock, client } = await entered(inAnHour);
    const channel = client.channel();
    channel.call('queue.declare', { queue: 'q' });
    await renew(client, await sign({ scope: 'rabbitmq.read:*/*', exp: inAnHour + 3600 }));
    expect(client.received.at(-1)?.name).toBe('connection.update-secret-ok');
    clock.advanceBy(3_600_000);
    client.run();
    expect(client.end).toBeUndefined();
    channel.send('queue.declare', { queue: 'q' });
    expect(channel.closed?.replyCode).toBe(403);
    clock.advanceBy(3_600_000);
    client.run();
    expect(client.closed?.replyCode).toBe(320);
  });

  test.each([
    ['expired', { exp: START_SECONDS - 1 }, 'the token is not valid'],
    ['of another subject', { sub: 'bob' }, 'the token is of another subject'],
    ['of another name', { client_id: 'bob' }, 'the token is of another subject'],
    ['for somebody else', { aud: 'other' }, 'the token is not valid'],
  ])('is not put off by one that is %s: 530', async (_what, claims, reason) => {
    const { client } = await entered(inAnHour);
    await renew(client, await sign({ scope: everything, ...claims }));
    expect(client.closed?.replyText).toBe(`NOT_ALLOWED - New secret was refused by one of the backends: ${reason}`);
    expect([client.closed?.classId, client.closed?.methodId]).toEqual([10, 70]);
  });

  test('[CON-34] is not put off by garbage, which whoever has a password may send', async () => {
    const { client, broker, clock } = await entered(inAnHour);
    await renew(client, 'garbage');
    expect(client.closed?.replyText).toMatch(/^NOT_ALLOWED - New secret was refused by one of the backends/);
    const guest = connect(broker, clock);
    await renew(guest, 'garbage');
    expect(guest.received.at(-1)?.name).toBe('connection.update-secret-ok');
  });
});

describe('the keys of an issuer', () => {
  async function issuer() {
    const clock = new VirtualClock(START_SECONDS * 1000);
    const set = { keys: [{ ...await exportJWK(keys.publicKey), kid: 'one', alg: 'ES256' }] as object[] };
    let asked = 0;
    const known = new TokenKeys({ keys: {}, jwksUrl: 'https://issuer/keys' }, clock, (url) => {
      expect(url).toBe('https://issuer/keys');
      asked++;
      return set.keys.length === 0 ? Promise.reject(new Error('down')) : Promise.resolve({ ...set });
    });
    return { set, asked: () => asked, keys: known, clock };
  }

  test('are asked for once, however many tokens come, and again when they are old', async () => {
    const { keys: known, asked, clock, set } = await issuer();
    const token = await sign({}, { id: 'one' });
    await Promise.all(Array.from({ length: 10 }, () => known.verify(token)));
    expect(asked()).toBe(1);
    clock.advanceBy(limits.issuerKeysMs + 1);
    await known.verify(token);
    expect(asked()).toBe(2);
    // An issuer that is down takes nothing from those that are known.
    set.keys = [];
    clock.advanceBy(limits.issuerKeysMs + 1);
    await known.verify(token);
    expect(asked()).toBe(3);
  });

  test('are asked for again when a token names one that is new, at most now and then', async () => {
    const { keys: known, asked, clock, set } = await issuer();
    await known.verify(await sign({}, { id: 'one' }));
    set.keys = [{ ...await exportJWK(rsa.publicKey), kid: 'two', alg: 'RS256' }];
    const token = await sign({}, { id: 'two', key: rsa.privateKey, algorithm: 'RS256' });
    await expect(known.verify(token)).rejects.toThrow();
    clock.advanceBy(limits.issuerKeysPauseMs);
    await known.verify(token);
    expect(asked()).toBe(2);
    clock.advanceBy(limits.issuerKeysPauseMs);
    await expect(known.verify(await sign({}, { id: 'one' }))).rejects.toThrow();
    for (let guess = 0; guess < 10; guess++) {
      await expect(known.verify(await sign({}, { id: `guess-${guess}` }))).rejects.toThrow();
    }
    expect(asked()).toBe(3);
  });

  test('are bounded in number', async () => {
    const { keys: known, set } = await issuer();
    set.keys = Array.from({ length: limits.issuerKeysMax + 1 }, (_, index) => ({ ...set.keys[0], kid: `${index}` }));
    await expect(known.verify(await sign({}, { id: '0' }))).rejects.toThrow('more than 256 keys');
  });
});
