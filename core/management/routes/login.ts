import * as v from 'valibot';
import { Answer, done } from '../answer.ts';
import { loginFailed } from '../api-error.ts';
import { text } from '../body.ts';
import { authenticated } from '../login.ts';
import { act, change, get, type Route } from '../route.ts';

/** How somebody comes in. */
export const loginRoutes: readonly Route[] = [
  get('/api/auth', 'open', {
    says: 'How pages log in',
    answers: v.object({
      enable_uaa: v.boolean(), uaa_client_id: v.string(), uaa_location: v.string(),
    }),
  }, () => ({ enable_uaa: false, uaa_client_id: '', uaa_location: '' })),
  change('POST', '/api/login', 'open', {
    says: 'Begin a session: the answer has a cookie',
    body: v.object({ username: text, password: text }), answers: v.literal('ok'),
  }, async ({ world, sessions, request, peer }, { username, password }) => {
    const credentials = { mechanism: 'PLAIN', user: username, password };
    const { identity, mayManage } = await authenticated(credentials, peer, world);
    if (!mayManage) throw loginFailed();
    const cookie = request && sessions.begin(identity, request);
    return new Answer(200, 'ok', cookie === undefined ? {} : { 'set-cookie': cookie });
  }),
  act('DELETE', '/api/login', 'open', { says: 'End the session' }, ({ sessions, request }) => {
    if (request === undefined) return done;
    return new Answer(204, undefined, { 'set-cookie': sessions.end(request) });
  }),
];
