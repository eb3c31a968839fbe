import { of } from 'rxjs';
import { expect, test } from 'vitest';
import { Broker, VirtualClock, type Authenticator } from '../../core/index.ts';
import { fixture, leaveNothing } from '../support/fixture.ts';
import { declareQueue, describeError, get } from '../support/steps.ts';
import { connect } from '../support/test-client.ts';

test('a message may name its user, and no other [BAS-05] [basic.properties.userId]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.publish('', 'q', '', { userId: 'guest' });
  expect(get(channel, 'q')!.properties).toEqual({ userId: 'guest' });
  channel.publish('', 'q', '', { userId: 'somebody' });
  expect(describeError(channel.closed)).toBe("406 PRECONDITION_FAILED - user_id property set to 'somebody' but " +
    "authenticated user was 'guest' (60.40)");
});

test('an impersonator may name anybody', async () => {
  const clock = new VirtualClock();
  const authenticator: Authenticator = {
    authenticate: ({ user }) => of({ user, tags: ['impersonator'], mayOpen: () => true }),
  };
  const broker = new Broker({ clock, authenticator });
  const channel = connect(broker, clock).channel();
  declareQueue(channel, 'q');
  channel.publish('', 'q', '', { userId: 'somebody' });
  expect(get(channel, 'q')!.properties).toEqual({ userId: 'somebody' });
  await leaveNothing({ broker, clock });
});
