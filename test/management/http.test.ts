/** The HTTP API as programs use it, by both of its doors. */
import { describe, expect, test } from 'vitest';
import { doors, type Door } from './doors.ts';

const DISCARD = 'ack_requeue_false';
const message = (payload: string, more: object = {}) =>
  ({ properties: {}, routing_key: 'q', payload, payload_encoding: 'string', ...more });

async function addUser({ ask }: Door, user: string, tags: string, read?: string): Promise<void> {
  await ask('PUT', `/api/users/${user}`, { password: user, tags });
  if (read === undefined) return;
  await ask('PUT', `/api/permissions/%2F/${user}`, { configure: read, write: read, read });
}

describe.each(doors)('%s', (_where, open) => {
  test('who asks is known, or told what is missing', async () => {
    const door = await open();
    const { ask } = door;
    await addUser(door, 'plain', '', '.*');
    const nobody = await ask('GET', '/api/overview', undefined, { user: '' });
    expect([nobody.status, nobody.body]).toEqual([401, '']);
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic /);
    const wrong = await ask('GET', '/api/overview', undefined, { user: 'stranger' });
    expect(wrong).toMatchObject({ status: 401, body: { error: 'not_authorized', reason: 'Login failed' } });
    // A script of a page gets no window of the browser that asks for a password.
    const script = await ask('GET', '/api/overview', undefined, {
      user: '', headers: { 'x-requested-with': 'XMLHttpRequest' },
    });
    expect([script.status, script.headers.get('www-authenticate')]).toEqual([401, null]);
    expect(await ask('GET', '/api/overview', undefined, { user: 'plain' }))
      .toMatchObject({ status: 401, body: { error: 'not_authorised', reason: 'Not management user' } });
    expect(await ask('GET', '/api/overview', undefined, { user: '', headers: { authorization: 'Basic ???' } }))
      .toMatchObject({ status: 400 });
    expect(await ask('GET', '/api/overview', undefined, { user: '', headers: { authorization: 'Bearer token' } }))
      .toMatchObject({ status: 401 });
    expect(await ask('GET', '/api/auth', undefined, { user: '' })).toMatchObject({ status: 200 });
    expect(await ask('GET', '/api/definitions?auth=Z3Vlc3Q6Z3Vlc3Q%3D', undefined, { user: '' }))
      .toMatchObject({ status: 200 });
    expect(await ask('GET', '/api/queues?auth=Z3Vlc3Q6Z3Vlc3Q%3D', undefined, { user: '' }))
      .toMatchObject({ status: 401 });
    expect((await ask('GET', '/api/auth/attempts/' + door.broker.options.node)).body)
      .toMatchObject([{ protocol: 'http', auth_attempts_failed: 2 }]);
  });

  test('paths and methods that are none are told apart, with the methods that are', async () => {
    const { ask } = await open();
    expect(await ask('GET', '/api/nope', undefined, { user: '' }))
      .toMatchObject({ status: 404, body: { error: 'Object Not Found', reason: 'Not Found' } });
    const patched = await ask('PATCH', '/api/queues', undefined, { user: '' });
    expect([patched.status, patched.headers.get('allow')]).toEqual([405, 'HEAD, GET, OPTIONS']);
    const options = await ask('OPTIONS', '/api/exchanges/%2F/x', undefined, { user: '' });
    expect([options.status, options.headers.get('allow')]).toEqual([200, 'HEAD, GET, PUT, DELETE, OPTIONS']);
    expect(await ask('HEAD', '/api/queues')).toMatchObject({ status: 200, body: '' });
    expect(await ask('GET', '/api/queues', undefined, { headers: { accept: 'image/png' } }))
      .toMatchObject({ status: 406 });
    expect((await ask('GET', '/api/queues')).headers.get('cache-control')).toBe('no-cache');
  });

  test('a page of elsewhere reads what it may, and changes nothing', async () => {
    const { ask } = await open();
    const from = (origin: string) => ({ headers: { origin } });
    const allowed = await ask('GET', '/api/whoami', undefined, from('https://app.example'));
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const foreign = await ask('GET', '/api/whoami', undefined, from('https://evil.example'));
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    expect(await ask('PUT', '/api/queues/%2F/q', {}, from('https://evil.example'))).toMatchObject({ status: 403 });
    const preflight = await ask('OPTIONS', '/api/queues/%2F/q', undefined, {
      user: '', headers: { 'origin': 'https://app.example', 'access-control-request-headers': 'authorization' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([200, 'authorization']);
  });

  test('a session begins with a cookie, changes things for its own page alone, and ends', async () => {
    const door = await open();
    const { ask } = door;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const login = async (password: string) =>
      ask('POST', '/api/login', `username=guest&password=${password}`, { user: '', headers: form });
    expect(await login('guess')).toMatchObject({ status: 401 });
    const begun = await login('guest');
    expect([begun.status, begun.body]).toEqual([200, 'ok']);
    const set = begun.headers.get('set-cookie')!;
    expect(set).toMatch(/; HttpOnly; SameSite=Strict/);
    const cookie = set.split(';', 1)[0]!;
    const asPage = (more: object = {}) => ({ user: '', headers: { cookie, ...more } });
    expect(await ask('GET', '/api/whoami', undefined, asPage()))
      .toMatchObject({ status: 200, body: { name: 'guest' } });
    expect(await ask('PUT', '/api/queues/%2F/q', {}, asPage())).toMatchObject({ status: 403 });
    expect(await ask('PUT', '/api/queues/%2F/q', {}, asPage({ 'sec-fetch-site': 'cross-site' })))
      .toMatchObject({ status: 403 });
    expect(await ask('PUT', '/api/queues/%2F/q', {}, asPage({ 'sec-fetch-site': 'same-origin' })))
      .toMatchObject({ status: 201 });
    door.broker.access.users.put('guest', { password: 'another' });
    expect(await ask('GET', '/api/whoami', undefined, asPage())).toMatchObject({ status: 401 });
  });

  test('lists are cut, sorted, filtered and paged alike', async () => {
    const door = await open();
    const { ask } = door;
    for (const name of ['b', 'a', 'abc', 'c']) await ask('PUT', `/api/queues/%2F/${name}`, {});
    await ask('POST', '/api/exchanges/%2F/amq.default/publish', message('x', { routing_key: 'abc' }));
    const names = async (query: string): Promise<string[]> =>
      ((await ask('GET', `/api/queues?columns=name&${query}`)).body as { name: string }[]).map(({ name }) => name);
    expect(await names('sort=name')).toEqual(['a', 'abc', 'b', 'c']);
    expect(await names('sort=name&sort_reverse=true')).toEqual(['c', 'b', 'abc', 'a']);
    expect((await names('sort=messages')).at(-1)).toBe('abc');
    expect((await names('sort=message_stats.publish')).at(-1)).toBe('abc');
    expect(await names('sort=nope')).toHaveLength(4);
    expect(await names('name=a')).toHaveLength(4);
    expect((await ask('GET', '/api/queues?columns=messages,message_stats.publish,nope&sort=messages')).body.at(-1))
      .toEqual({ messages: 1, message_stats: { publish: 1 } });
    expect((await ask('GET', '/api/queues?columns=')).body).toEqual([{}, {}, {}, {}]);
    expect((await ask('GET', '/api/queues?page=2&page_size=3&columns=name&sort=name')).body).toEqual({
      filtered_count: 4, item_count: 1, items: [{ name: 'c' }], page: 2, page_count: 2, page_size: 3, total_count: 4,
    });
    expect((await ask('GET', '/api/queues?page=1&name=A&columns=name&sort=name')).body)
      .toMatchObject({ filtered_count: 2, total_count: 4, items: [{ name: 'a' }, { name: 'abc' }] });
    expect((await ask('GET', '/api/queues?page=1&name=%5EA.*C$&use_regex=true&columns=name')).body)
      .toMatchObject({ items: [{ name: 'abc' }] });
    expect((await ask('GET', '/api/queues?page=1&name=zzz')).body).toMatchObject({ page_count: 0, items: [] });
    expect(Object.keys((await ask('GET', '/api/queues?disable_stats=true')).body[0]).toSorted()).toEqual([
      'arguments', 'auto_delete', 'durable', 'exclusive', 'name', 'node', 'state', 'type', 'vhost',
    ]);
    expect((await ask('GET', '/api/queues?disable_stats=true&enable_queue_totals=true')).body[0])
      .toMatchObject({ messages: 0 });
    // RabbitMQ pages some lists only: here every one is.
    for (const path of ['bindings', 'users', 'permissions', 'policies', 'vhosts', 'exchanges', 'consumers', 'nodes']) {
      const { status, body } = await ask('GET', `/api/${path}?page=1&page_size=1`);
      if (path === 'nodes') continue;
      expect([path, status, body.page]).toEqual([path, 200, 1]);
    }
  });

  test.each([
    ['page=99&page_size=2', 'page_out_of_range', 'Page out of range, page: 99 page size: 2, len: 0'],
    ['page=0&page_size=2', 'invalid_pagination_parameters',
      'Invalid pagination parameters: page number 0, page size 2'],
    ['page=-1', 'invalid_pagination_parameters', 'Invalid pagination parameters: page number -1, page size undefined'],
    ['page=1&page_size=501', 'invalid_pagination_parameters',
      'Invalid pagination parameters: page number 1, page size 501'],
    ['page=x', 'bad_request', 'Pagination parameters are invalid'],
    ['page=1&name=%28&use_regex=true', 'bad_request', 'Pagination parameters are invalid'],
    ['page=1&name=(a%2B)%5C1%2B&use_regex=true', 'bad_request',
      'Pagination parameters are invalid'],
  ])('a page that is none is refused: %s', async (query, error, reason) => {
    const { ask } = await open();
    expect(await ask('GET', `/api/queues?${query}`)).toMatchObject({ status: 400, body: { error, reason } });
  });

  test.each<[string, string, unknown, number, unknown]>([
    ['PUT', 'exchanges/%2F/e', { type: 'direct', durable: 'maybe' }, 400, ['not_boolean', 'maybe']],
    ['PUT', 'exchanges/%2F/e', '{not json', 400, 'not_json'],
    ['PUT', 'exchanges/%2F/e', '[]', 400, 'not_json'],
    ['PUT', 'exchanges/%2F/e', { arguments: 'x' }, 400, expect.stringMatching(/JSON object/)],
    ['PUT', 'exchanges/%2F/amq.foo', {}, 401, 'Access refused.'],
    ['PUT', 'exchanges/nope/e', {}, 404, 'vhost_not_found'],
    ['DELETE', 'exchanges/%2F/amq.direct', undefined, 401, 'Access refused.'],
    ['DELETE', 'exchanges/%2F/nope', undefined, 404, 'Not Found'],
    ['PUT', 'queues/%2F/q', { durable: false }, 400,
      expect.stringMatching(/^inequivalent arg 'durable' for queue 'q'/)],
    ['PUT', 'queues/%2F/n', { node: 'nope@x' }, 400, 'Node nope@x could not be contacted'],
    ['PUT', 'queues/%2F/n', { arguments: { 'x-queue-type': 'quorum' } }, 400, expect.stringMatching(/non-durable/)],
    ['PUT', 'queues/%2F/amq.foo', {}, 401, 'Access refused.'],
    ['POST', 'queues/%2F/q/get', { count: 1, ackmode: 'nope', encoding: 'auto' }, 400,
      expect.stringMatching(/ackmode/)],
    ['POST', 'queues/%2F/q/get', { count: 'x', ackmode: DISCARD, encoding: 'auto' }, 400, ['not_integer', 'x']],
    ['POST', 'queues/%2F/q/get', { encoding: 'auto' }, 400, '[{key_missing,count},{key_missing,ackmode}]'],
    ['POST', 'queues/%2F/nope/get', { count: 1, ackmode: DISCARD, encoding: 'auto' }, 404,
      "NOT_FOUND - no queue 'nope' in vhost '/'"],
    ['POST', 'queues/%2F/q/actions', { action: 'nope' }, 400, ['unknown', 'nope']],
    ['POST', 'exchanges/%2F/nope/publish', message('x'), 400, "404 NOT_FOUND - no exchange 'nope' in vhost '/'"],
    ['POST', 'exchanges/%2F/amq.default/publish', message('%%', { payload_encoding: 'base64' }), 400, ['not_base64',
      '%%']],
    ['POST', 'exchanges/%2F/amq.default/publish', message('x', { properties: { user_id: 'bob' } }), 400,
      "406 PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'"],
    ['POST', 'exchanges/%2F/amq.default/publish', message('x', { properties: [1] }), 400, expect.anything()],
    ['POST', 'exchanges/%2F/amq.default/publish', message('x', { properties: { headers: { a: null } } }), 400,
      'null_not_allowed'],
    ['POST', 'bindings/%2F/e/nope/q/q', {}, 404, "no exchange 'nope' in vhost '/'"],
    ['POST', 'bindings/%2F/e/amq.direct/q/nope', {}, 404, "no queue 'nope' in vhost '/'"],
    ['POST', 'bindings/%2F/e/amq.default/q/q', {}, 401, 'Access refused.'],
    ['GET', 'bindings/%2F/e/amq.direct/x/q', undefined, 400, expect.anything()],
    ['GET', 'bindings/%2F/e/amq.direct/q/q/nope', undefined, 404, 'Not Found'],
    ['GET', 'queues/%2F/nope/bindings', undefined, 404, 'Not Found'],
    ['GET', 'nodes/nope@x', undefined, 404, 'Not Found'],
    ['PUT', 'users/u', { password: 'p' }, 400, 'tags_not_present'],
    ['PUT', 'users/u', { password: 'p', password_hash: 'AAAA', tags: '' }, 400,
      'both_password_and_password_hash_are_provided'],
    ['PUT', 'users/u', { password_hash: '%%', tags: '' }, 400, ['not_base64', '%%']],
    ['PUT', 'users/u', { password_hash: 'AAAA', hashing_algorithm: 'nope', tags: '' }, 400,
      expect.stringMatching(/hashing_algorithm/)],
    ['POST', 'users/bulk-delete', { users: ['guest', 'nope'] }, 400, ['no_such_user', 'nope']],
    ['PUT', 'permissions/%2F/nope', { configure: '', write: '', read: '' }, 400, 'vhost_or_user_not_found'],
    ['PUT', 'permissions/%2F/guest', { configure: '(' }, 400, '[{key_missing,write},{key_missing,read}]'],
    ['PUT', 'policies/%2F/p', { pattern: '^z', definition: { nope: 1 } }, 400,
      'Validation failed\n\n[{&lt;&lt;"nope"&gt;&gt;,1}] are not recognised policy settings\n'],
    ['PUT', 'policies/%2F/p', { pattern: '^z', definition: { 'max-age': 'x' } }, 400, expect.stringMatching(/max age/)],
    ['PUT', 'policies/%2F/p', { definition: {} }, 400, '[{key_missing,pattern}]'],
    ['PUT', 'vhost-limits/%2F/nope', { value: 1 }, 400,
      'Validation failed\n\nUnrecognised terms [{<<"nope">>,1}] in limits\n'],
    ['PUT', 'user-limits/nope/max-channels', { value: 1 }, 400, ['no_such_user', 'nope']],
    ['PUT', 'vhosts/v', { tags: 5 }, 400, expect.anything()],
    ['PUT', 'parameters/policy/%2F/p', { value: {} }, 400, 'policies may not be set using this method'],
    ['PUT', 'parameters/nope/%2F/p', { value: 1 }, 400, 'Validation failed\n\ncomponent nope not found\n'],
    ['POST', 'definitions', '[]', 400, 'failed_to_parse_json'],
    ['GET', 'definitions/nope', undefined, 400, 'vhost_not_found'],
    ['POST', 'definitions/nope', {}, 404, 'vhost_not_found'],
  ])('%s /api/%s with %j is refused with %i', async (method, path, body, status, reason) => {
    const door = await open();
    await door.ask('PUT', '/api/queues/%2F/q', { durable: true });
    const before = JSON.stringify((await door.ask('GET', '/api/definitions')).body);
    const answer = await door.ask(method, `/api/${path}`, body);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    expect(JSON.stringify((await door.ask('GET', '/api/definitions')).body)).toBe(before);
  });

  test('a message is published with its properties, and fetched as it is to be', async () => {
    const { ask } = await open();
    await ask('PUT', '/api/queues/%2F/q', { durable: 'true', arguments: { 'x-max-length': 2,
      'x-overflow': 'reject-publish' } });
    const publish = async (payload: string, more?: object) =>
      ask('POST', '/api/exchanges/%2F/amq.default/publish', message(payload, more));
    const properties = { delivery_mode: 2, content_type: 'text/plain', headers: { n: 1, deep: { list: [1, 'x'] } },
      timestamp: 17 };
    expect((await publish('hello', { properties })).body).toEqual({ routed: true });
    expect((await publish('//4AAQ==', { payload_encoding: 'base64' })).body).toEqual({ routed: true });
    expect((await publish('full')).body)
      .toMatchObject({ reason: 'rejected Unable to publish message. Check queue limits.' });
    expect((await publish('lost', { routing_key: 'nowhere' })).body).toEqual({ routed: false });
    const get = async (ackmode: string, more: object = {}) =>
      (await ask('POST', '/api/queues/%2F/q/get', { count: 5, ackmode, encoding: 'auto', ...more })).body;
    const fresh = { redelivered: false, exchange: '', routing_key: 'q' };
    expect(await get('ack_requeue_true', { truncate: 2 })).toEqual([
      { ...fresh, payload_bytes: 5, message_count: 1, properties, payload: 'he', payload_encoding: 'string' },
      { ...fresh, payload_bytes: 4, message_count: 0, properties: {}, payload: '//4=', payload_encoding: 'base64' },
    ]);
    expect(await get(DISCARD, { count: '1', encoding: 'base64' }))
      .toMatchObject([{ payload: 'aGVsbG8=', redelivered: true }]);
    expect(await get('reject_requeue_false', { count: -1 })).toHaveLength(1);
    expect(await get(DISCARD)).toEqual([]);
  });

  test('bindings are named by key and arguments, however odd the key', async () => {
    const { ask } = await open();
    await ask('PUT', '/api/queues/%2F/q', {});
    const place = '/api/bindings/%2F/e/amq.headers/q/q';
    const keys: string[] = [];
    for (const body of [{}, { routing_key: 'rk' }, { routing_key: '~' }, { routing_key: 'a/b~c',
      arguments: { 'x-match': 'all', a: 1 } }]) {
      const made = await ask('POST', place, body);
      expect(made.status).toBe(201);
      expect((await ask('POST', place, body)).headers.get('location')).toBe(made.headers.get('location'));
      keys.push(decodeURIComponent(made.headers.get('location')!.slice('q/'.length)));
    }
    expect(keys.slice(0, 3)).toEqual(['~', 'rk', '%7E']);
    const { body } = await ask('GET', place);
    expect((body as { properties_key: string }[]).map((each) => each.properties_key).toSorted())
      .toEqual(keys.toSorted());
    for (const key of keys) {
      const one = `${place}/${encodeURIComponent(key)}`;
      expect((await ask('GET', one)).body).toMatchObject({ source: 'amq.headers', properties_key: key });
      expect((await ask('DELETE', one)).status).toBe(204);
      expect((await ask('DELETE', one)).status).toBe(404);
    }
  });

  test('definitions come back whole, by virtual host, as a form, tried out first, or not at all', async () => {
    const { ask, broker } = await open();
    await ask('PUT', '/api/queues/%2F/q', { durable: true });
    await ask('POST', '/api/bindings/%2F/e/amq.headers/q/q', { arguments: { 'x-match': 'any', a: 1 } });
    const whole = (await ask('GET', '/api/definitions?download=my.json'));
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename=my.json');
    expect(await ask('POST', '/api/definitions', whole.body)).toMatchObject({ status: 204 });
    expect((await ask('GET', '/api/bindings/%2F/e/amq.headers/q/q')).body).toHaveLength(1);
    await ask('PUT', '/api/vhosts/v', {});
    const part = (await ask('GET', '/api/definitions/%2F')).body;
    expect(part.queues).toEqual([{ name: 'q', durable: true, auto_delete: false, arguments: {} }]);
    expect((await ask('POST', '/api/definitions/v?report=true', { ...part, users: [{ name: 'u', tags: '' }] })).body)
      .toMatchObject([
      { kind: 'user', outcome: 'skipped' }, { kind: 'queue', name: 'q', vhost: 'v', outcome: 'created' },
        { kind: 'binding', outcome: 'created' },
    ]);
    const file = {
      queues: [{ name: 'q', vhost: '/', durable: false, arguments: {} }, { name: 'new', vhost: '/', durable: true,
        arguments: {} }],
      bindings: [{ source: 'amq.direct', vhost: '/', destination: 'nope', destination_type: 'queue',
        routing_key: '', arguments: {} }],
    };
    const outcomes = [{ outcome: 'different' }, { outcome: 'created' }, { outcome: 'refused' }];
    expect(await ask('POST', '/api/definitions?dry_run=true', file)).toMatchObject({ status: 200, body: outcomes });
    expect(await ask('POST', '/api/definitions?all_or_nothing=true', file))
      .toMatchObject({ status: 400, body: { report: outcomes } });
    expect(broker.vhost().queues.has('new')).toBe(false);
    // As with RabbitMQ, what is there otherwise stays, and a binding to what is not there is passed over.
    expect(await ask('POST', '/api/definitions', file)).toMatchObject({ status: 204 });
    expect(broker.vhost().queues.has('new')).toBe(true);
    const form = [
      '--XX', 'Content-Disposition: form-data; name="file"; filename="d.json"', '',
      '{"queues":[{"name":"f","vhost":"/"}]}', '--XX--', '',
    ].join('\r\n');
    const type = { 'content-type': 'multipart/form-data; boundary=XX' };
    expect(await ask('POST', '/api/definitions', form, { headers: type })).toMatchObject({ status: 204 });
    expect(broker.vhost().queues.has('f')).toBe(true);
    expect((await ask('POST', '/api/definitions', { queues: [{ name: 'x', vhost: 'nope' }] })).body.reason)
      .toEqual(['no_such_vhost', 'nope']);
  });

  test('tags and permissions say what is shown, and what may be done', async () => {
    const door = await open();
    const { ask } = door;
    await ask('PUT', '/api/vhosts/v', {});
    await ask('PUT', '/api/queues/v/q', {});
    for (const tag of ['management', 'policymaker', 'monitoring', 'administrator']) await addUser(door, tag, tag,
      '^own');
    await addUser(door, 'viewer', 'management', '^$');
    const status = async (user: string, method: string, path: string, body?: unknown) =>
      (await ask(method, `/api/${path}`, body, { user })).status;
    const rows: [string, string, unknown, number[]][] = [
      ['GET', 'nodes', undefined, [401, 401, 200, 200]], ['GET', 'users', undefined, [401, 401, 401, 200]],
      ['GET', 'queues/v', undefined, [401, 401, 401, 200]], ['GET', 'queues/v/q', undefined, [401, 401, 401, 200]],
      ['GET', 'policies/%2F', undefined, [200, 200, 200, 200]], ['GET', 'parameters', undefined, [401, 200, 401, 200]],
      ['PUT', 'policies/%2F/p', { pattern: 'x', definition: { expires: 1 } }, [401, 201, 401, 204]],
      ['PUT', 'operator-policies/%2F/p', { pattern: 'x', definition: { expires: 1 } }, [401, 401, 401, 201]],
      ['GET', 'vhost-limits/v', undefined, [401, 401, 200, 200]], ['PUT', 'vhosts/w', {}, [401, 401, 401, 201]],
      ['PUT', 'queues/%2F/own', {}, [201, 204, 204, 204]], ['PUT', 'queues/%2F/other', {}, [401, 401, 401, 401]],
      ['PUT', 'queues/v/own', {}, [401, 401, 401, 401]], ['GET', 'connections', undefined, [200, 200, 200, 200]],
    ];
    for (const [method, path, body, expected] of rows) {
      const found: number[] = [];
      for (const user of ['management', 'policymaker', 'monitoring', 'administrator']) found.push(await status(user,
        method, path, body));
      expect([method, path, found]).toEqual([method, path, expected]);
    }
    expect(Object.keys((await ask('GET', '/api/overview', undefined,
      { user: 'management' })).body)).not.toContain('listeners');
    expect((await ask('GET', '/api/vhosts?columns=name', undefined, { user: 'management' })).body)
      .toEqual([{ name: '/' }]);
    // Three patterns that match nothing: names and figures are shown, and nothing can be done.
    expect(await status('viewer', 'GET', 'queues/%2F/own')).toBe(200);
    expect(await status('viewer', 'DELETE', 'queues/%2F/own/contents')).toBe(401);
    expect(await status('viewer', 'DELETE', 'queues/%2F/own')).toBe(401);
    expect(await status('viewer', 'POST', 'queues/%2F/own/get', { count: 1, ackmode: DISCARD, encoding: 'auto' }))
      .toBe(401);
    expect(await status('viewer', 'POST', 'exchanges/%2F/amq.default/publish', message('x'))).toBe(401);
    expect(await status('viewer', 'POST', 'bindings/%2F/e/amq.direct/q/own', {})).toBe(401);
  });

  test('checks of health answer for probes', async () => {
    const { ask, broker } = await open();
    for (const path of ['alarms', 'local-alarms', 'virtual-hosts', 'node-is-quorum-critical',
      'protocol-listener/amqp']) {
      expect((await ask('GET', `/api/health/checks/${path}`)).status).toBe(200);
    }
    expect((await ask('GET', '/api/health/checks/port-listener/1')).status).toBe(503);
    expect((await ask('GET', '/api/health/checks/port-listener/abc')).status).toBe(400);
    expect((await ask('GET', '/api/aliveness-test/%2F')).status).toBe(200);
    broker.setAlarm('memory', true);
    expect(await ask('GET', '/api/health/checks/alarms')).toMatchObject({
      status: 503, body: { status: 'failed', alarms: [{ resource: 'memory' }] },
    });
    expect(await ask('GET', '/api/aliveness-test/%2F')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});
