import { Subject, of, type Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Broker, VirtualClock, type Authenticator, type Identity, type PeerInfo } from '../../core/index.ts';
import { nodeLimits } from '../../node/limits.ts';
import { LoginDelay } from '../../node/login-delay.ts';

const { wrongPasswordsMax, wrongPasswordMs } = nodeLimits;

function peerAt(address: string): PeerInfo {
  return { transport: 'tcp', address, port: 1, loopback: true, secure: false };
}

const here = peerAt('127.0.0.1');
const users = [{ name: 'ann', password: 'right' }, { name: 'bob', password: 'right' }];

type Answer = 'in' | 'refused' | 'waits';

class Logins {
  readonly clock = new VirtualClock();
  readonly logged: unknown[] = [];
  readonly #delay: LoginDelay;

  constructor(authenticator: Authenticator = new Broker({}, { users }).authenticator) {
    this.#delay = new LoginDelay(authenticator, this.clock, { write: (...line) => this.logged.push(line) });
  }

  /** Logs in and answers what has become of that. */
  try(user: string, password: string, peer = here): { readonly answer: Answer; hangUp(): void } {
    const state = { answer: 'waits' as Answer, hangUp: () => subscription.unsubscribe() };
    const login = this.#delay.authenticate({ mechanism: 'PLAIN', user, password }, peer);
    const subscription = login.subscribe((identity) => {
      state.answer = identity === undefined ? 'refused' : 'in';
    });
    return state;
  }

  guess(times: number, peer = here): Answer[] {
    return Array.from({ length: times }, () => this.try('ann', 'wrong', peer).answer);
  }
}

describe('wrong passwords', () => {
  test('are answered at once ten times, and one by one from then on', () => {
    const logins = new Logins();
    expect(logins.guess(wrongPasswordsMax)).toEqual(Array(wrongPasswordsMax).fill('refused'));
    const next = logins.try('ann', 'wrong');
    const another = logins.try('bob', 'wrong');
    expect([next.answer, another.answer]).toEqual(['waits', 'waits']);
    logins.clock.advanceBy(wrongPasswordMs);
    expect([next.answer, another.answer]).toEqual(['refused', 'waits']);
    logins.clock.advanceBy(wrongPasswordMs);
    expect(another.answer).toBe('refused');
    expect(logins.logged).toEqual([
      ['gateway', 'warn', 'wrong passwords are slowed down', { network: '127.0.0.1' }],
    ]);
  });

  test('are forgiven with time', () => {
    const logins = new Logins();
    logins.guess(wrongPasswordsMax);
    logins.clock.advanceBy(100 * wrongPasswordMs);
    expect(logins.guess(wrongPasswordsMax + 1).indexOf('waits')).toBe(wrongPasswordsMax);
  });

  test('are no more a minute where guesses hang up early, nor is a right one among them found sooner', () => {
    const logins = new Logins();
    logins.guess(wrongPasswordsMax);
    for (let i = 0; i < 100; i++) logins.try('ann', 'wrong').hangUp();
    const waiting = Array.from({ length: 5 }, () => logins.try('ann', 'wrong'));
    const found = logins.try('ann', 'right');
    logins.clock.advanceBy(5 * wrongPasswordMs);
    expect(waiting.map(({ answer }) => answer)).toEqual(Array(5).fill('refused'));
    expect(found.answer).toBe('waits');
    logins.clock.advanceBy(wrongPasswordMs);
    expect(found.answer).toBe('in');
  });

  test('are counted for all of an IPv6 network, and for IPv4 in IPv6', () => {
    const logins = new Logins();
    for (let i = 0; i < wrongPasswordsMax; i++) logins.guess(1, peerAt(`2001:db8:0:1::${i}`));
    expect(logins.guess(1, peerAt('2001:db8::1:ffff:0:0:1'))).toEqual(['waits']);
    expect(logins.guess(1, peerAt('2001:db8:0:2::1'))).toEqual(['refused']);
    logins.guess(wrongPasswordsMax, peerAt('::ffff:192.0.2.1'));
    expect(logins.guess(1, peerAt('192.0.2.1'))).toEqual(['waits']);
  });

  test('beyond those that may wait are refused unseen', () => {
    const logins = new Logins();
    const answers = logins.guess(wrongPasswordsMax + nodeLimits.loginsWaitingMax + 1);
    expect(answers.slice(wrongPasswordsMax, -1).every((answer) => answer === 'waits')).toBe(true);
    expect(answers.at(-1)).toBe('refused');
  });
});

describe('right passwords', () => {
  test('from elsewhere do not wait for those who guess', () => {
    const logins = new Logins();
    logins.guess(1000);
    expect(logins.try('ann', 'right', peerAt('127.0.0.2')).answer).toBe('in');
  });

  test('do not wait where the user logged in with them before, whoever guesses beside', () => {
    const logins = new Logins();
    expect(logins.try('ann', 'right').answer).toBe('in');
    logins.guess(100);
    expect(logins.try('ann', 'right').answer).toBe('in');
    expect(logins.try('bob', 'right').answer).toBe('waits');
  });

  test('never count, however many come at once', () => {
    const logins = new Logins();
    for (let i = 0; i < 100; i++) expect(logins.try('ann', 'right').answer).toBe('in');
    expect(logins.guess(wrongPasswordsMax)).not.toContain('waits');
  });

  test('that take time are waited for, and one that is right no more counts as wrong', () => {
    const answers: Subject<Identity | undefined>[] = [];
    const logins = new Logins({
      authenticate(): Observable<Identity | undefined> {
        const answer = new Subject<Identity | undefined>();
        answers.push(answer);
        return answer;
      },
    });
    const all = Array.from({ length: wrongPasswordsMax + 1 }, () => logins.try('ann', 'right'));
    expect(answers).toHaveLength(wrongPasswordsMax);
    answers[0]!.next({ user: 'ann', tags: [], mayOpen: () => true });
    expect(answers).toHaveLength(wrongPasswordsMax + 1);
    expect(all[0]!.answer).toBe('in');
    for (const answer of answers.slice(1)) answer.next(undefined);
    const changed = logins.try('ann', 'right');
    answers.at(-1)!.next(undefined);
    expect(changed.answer).toBe('refused');
    expect(logins.try('ann', 'wrong').answer).toBe('waits');
  });

  test('in one process are nobody else\'s', () => {
    const logins = new Logins({ authenticate: () => of(undefined) });
    expect(logins.guess(100, peerAt(''))).not.toContain('waits');
  });
});
