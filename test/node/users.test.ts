import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Identity, PeerInfo } from '../../core/index.ts';
import { UserList } from '../../node/users.ts';

const here: PeerInfo = { transport: 'tcp', address: '127.0.0.1', port: 1, loopback: true, secure: false };
const elsewhere: PeerInfo = { ...here, address: '192.0.2.1', loopback: false };

function logIn(list: UserList, user: string, password: string, peer = here): Promise<Identity | undefined> {
  return firstValueFrom(list.authenticate({ mechanism: 'PLAIN', user, password }, peer));
}

describe('the users [CON-10, CON-12]', () => {
  test('are guest alone, from this machine alone, unless others are configured', async () => {
    const list = new UserList();
    expect(await logIn(list, 'guest', 'guest')).toMatchObject({ user: 'guest', tags: ['administrator'] });
    expect(await logIn(list, 'guest', 'guest', elsewhere)).toBeUndefined();
    expect(await logIn(list, 'guest', 'guess')).toBeUndefined();
    expect(await logIn(list, 'guest', '')).toBeUndefined();
    expect(await logIn(list, '', '')).toBeUndefined();
  });

  test('are those who are configured, from anywhere', async () => {
    const list = new UserList([{ name: 'ann', password: 'a:b' }, { name: 'guest', password: 'x' }]);
    expect(await logIn(list, 'ann', 'a:b', elsewhere)).toMatchObject({ user: 'ann' });
    expect(await logIn(list, 'ann', 'a', elsewhere)).toBeUndefined();
    expect(await logIn(list, 'Ann', 'a:b')).toBeUndefined();
    expect(await logIn(list, 'guest', 'guest')).toBeUndefined();
    expect(await logIn(list, 'guest', 'x')).toMatchObject({ user: 'guest' });
    expect(await logIn(list, 'guest', 'x', elsewhere)).toBeUndefined();
  });

  test('may open every virtual host', async () => {
    const identity = await logIn(new UserList(), 'guest', 'guest');
    expect(identity?.mayOpen('/')).toBe(true);
    expect(identity?.mayOpen('another')).toBe(true);
  });

  test('are answered at once', () => {
    let answered = false;
    new UserList().authenticate({ mechanism: 'PLAIN', user: 'x', password: 'y' }, here).subscribe(() => {
      answered = true;
    });
    expect(answered).toBe(true);
  });
});
