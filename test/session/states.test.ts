/**
 * Every state x method x sender, in both roles: the transition that AMQP knows, or the error that it calls for.
 * The tables stand here a second time, line by line, because the judge must not share them with the judged.
 */
import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import { PROTOCOL_HEADER } from '../../core/protocol/spec.ts';
import type { MethodName, Role } from '../../core/protocol/types.ts';
import type { ConnectionState } from '../../core/session/states.ts';
import { methodNames, specOf } from '../protocol/generators.ts';
import { bodyFrame, Driven, headerFrame, methodFrame } from './harness.ts';

/** `state sender method next`; what is not here is illegal. */
const connectionRows = new Map(`
  starting server connection.start started
  started client connection.start-ok securing
  securing server connection.secure challenged
  securing server connection.tune tuning
  challenged client connection.secure-ok securing
  tuning client connection.tune-ok tuned
  tuned client connection.open opening
  opening server connection.open-ok running
  running server connection.blocked running
  running server connection.unblocked running
  running client connection.update-secret running
  running server connection.update-secret-ok running
`.trim().split('\n').map((line) => {
  const [state, sender, name, next] = line.trim().split(' ');
  return [`${state} ${sender} ${name}`, next as ConnectionState];
}));

const handshakeStates = [
  'starting', 'started', 'securing', 'challenged', 'tuning', 'tuned', 'opening', 'running',
] as const;
const closable: readonly ConnectionState[] = handshakeStates.filter((state) => state !== 'starting');
const roles = ['server', 'client'] as const;

function peerOf(role: Role): Role {
  return role === 'server' ? 'client' : 'server';
}

function mayBeSaidBy(role: Role, name: MethodName): boolean {
  return specOf(name).from === 'both' || specOf(name).from === role;
}

/** Sees a connection closed with this error, for this method, and nothing else done. */
function expectClose(driven: Driven, replyCode: number, text: string, name: MethodName | undefined): void {
  const [classId, methodId] = name === undefined ? [0, 0] : specOf(name).id;
  expect(driven.take()).toEqual([{
    channel: 0, name: 'connection.close',
    fields: { 'reply-code': replyCode, 'reply-text': text, 'class-id': classId, 'method-id': methodId },
  }]);
  expect(driven.session.state).toBe('closing');
  expect(driven.ends).toMatchObject([{ by: 'us', error: { replyCode } }]);
  expect(driven.faults).toEqual([]);
  expect(driven.closed).toBe(false);
}

/** Sees the link end after close-ok: a client hangs up at once, a server lets the client do it for a while. */
function expectHangUp(driven: Driven): void {
  if (driven.session.role === 'server') {
    driven.clock.advanceBy(limits.hangUpMs - 1);
    expect([driven.session.state, driven.closed]).toEqual(['closing', false]);
    driven.clock.advanceBy(1);
  }
  expect([driven.session.state, driven.closed, driven.clock.pending]).toEqual(['closed', true, 0]);
}

describe.each(roles)('channel 0 of a %s', (role) => {
  const peer = peerOf(role);

  test.each(handshakeStates)('hears every method in the state %s', (state) => {
    for (const name of methodNames) {
      const driven = new Driven(role).drive(state);
      driven.receive(methodFrame(0, name));
      const next = connectionRows.get(`${state} ${peer} ${name}`);
      if (next !== undefined) {
        expect(driven.session.state, name).toBe(next);
        expect(driven.heard).toEqual([`0 ${name}`]);
        expect(driven.take()).toEqual([]);
      } else if (name === 'connection.close' && closable.includes(state)) {
        expect(driven.takeNames()).toEqual(['0 connection.close-ok']);
        expectHangUp(driven);
        expect(driven.ends).toEqual([{ by: 'peer' }]);
      } else {
        const text = `CHANNEL_ERROR - unexpected method in connection state ${state}`;
        expectClose(driven, 504, text, name);
        expect(driven.heard).toEqual([]);
      }
    }
  });

  test.each(handshakeStates)('says only what is its own in the state %s', (state) => {
    for (const name of methodNames) {
      const driven = new Driven(role).drive(state);
      const next = connectionRows.get(`${state} ${role} ${name}`);
      if (next === undefined) {
        expect(() => driven.say(role, 0, name), name).toThrow('broken invariant');
        expect([driven.take(), driven.session.state]).toEqual([[], state]);
      } else {
        driven.say(role, 0, name);
        expect([driven.takeNames(), driven.session.state]).toEqual([[`0 ${name}`], next]);
      }
    }
  });

  test('discards all but the close handshake while it is closing', () => {
    for (const name of methodNames) {
      const driven = new Driven(role).drive();
      driven.session.close();
      expect(driven.takeNames()).toEqual(['0 connection.close']);
      driven.receive(methodFrame(0, name), methodFrame(1, name), headerFrame(0, 1), bodyFrame(1, 'x'));
      expect(driven.takeNames(), name).toEqual(name === 'connection.close' ? ['0 connection.close-ok'] : []);
      if (name === 'connection.close') expectHangUp(driven);
      const ended = name.startsWith('connection.close');
      expect([driven.session.state, driven.closed], name).toEqual(ended ? ['closed', true] : ['closing', false]);
      expect(driven.heard).toEqual([]);
      expect(driven.ends).toEqual([{ by: 'us' }]);
    }
  });

  test('is deaf and dumb once it is closed', () => {
    for (const name of methodNames) {
      const driven = new Driven(role).drive();
      driven.session.abort();
      driven.receive(methodFrame(0, name), methodFrame(1, name));
      expect([driven.take(), driven.heard, driven.clock.pending]).toEqual([[], [], 0]);
      for (const channel of [0, 1]) expect(() => driven.say(role, channel, name)).toThrow('broken invariant');
    }
  });

  test('neither hears nor says anything on other channels before it is running', () => {
    for (const state of handshakeStates.filter((each) => each !== 'running')) {
      for (const name of methodNames) {
        const driven = new Driven(role).drive(state);
        expect(() => driven.say(role, 1, name)).toThrow('broken invariant');
        driven.receive(methodFrame(1, name));
        expectClose(driven, 504, `CHANNEL_ERROR - unexpected method in connection state ${state}`, name);
      }
    }
  });
});

test('a server that waits for the protocol header takes no method for it', () => {
  for (const name of methodNames) {
    const driven = new Driven('server');
    driven.receive(methodFrame(0, name));
    expect(driven.takeBytes()).toEqual([PROTOCOL_HEADER]);
    expect([driven.session.state, driven.closed, driven.clock.pending]).toEqual(['closed', true, 0]);
    const waiting = new Driven('server');
    expect(() => waiting.say('server', 0, name)).toThrow('broken invariant');
  }
});

const channelStates = ['closed', 'opening', 'open', 'closing'] as const;
type ChannelState = (typeof channelStates)[number];

/** A running session with channel 1 in this state. */
function withChannel(role: Role, state: ChannelState): Driven {
  const driven = new Driven(role).drive();
  if (state !== 'closed') driven.say('client', 1, 'channel.open');
  if (state === 'open' || state === 'closing') driven.say('server', 1, 'channel.open-ok');
  if (state === 'closing') driven.session.closeChannel(1);
  driven.take();
  driven.heard.length = 0;
  return driven;
}

/** Finds out the state of channel 1 by what a method that is legal on an open one does; good for once. */
function stateOf(driven: Driven): ChannelState {
  driven.take();
  driven.heard.length = 0;
  driven.receive(methodFrame(1, 'basic.ack'));
  if (driven.heard.length > 0) return 'open';
  const [close] = driven.take();
  if (close === undefined) return 'closing';
  return close.fields['reply-code'] === 504 ? 'closed' : 'opening';
}

/** Where a method leads that is no part of a close handshake; undefined where it is illegal. */
function nextState(state: ChannelState, sender: Role, name: MethodName): ChannelState | undefined {
  if (name === 'channel.open') return state === 'closed' && sender === 'client' ? 'opening' : undefined;
  if (name === 'channel.open-ok') return state === 'opening' && sender === 'server' ? 'open' : undefined;
  if (/^(connection\.|channel\.close)/.test(name) || !mayBeSaidBy(sender, name)) return undefined;
  return state === 'open' ? 'open' : undefined;
}

/** The connection error that a method calls for which is illegal in the state. CON-25 */
function errorFor(state: ChannelState, name: MethodName): readonly [number, string] {
  if (state === 'closed') return [504, "CHANNEL_ERROR - expected 'channel.open'"];
  if (name === 'channel.open') return [504, "CHANNEL_ERROR - second 'channel.open' seen"];
  return [503, 'COMMAND_INVALID - unimplemented method'];
}

describe.each(roles)('channel 1 of a %s', (role) => {
  const peer = peerOf(role);

  test.each(['closed', 'opening', 'open'] as const)('hears every method while it is %s', (state) => {
    for (const name of methodNames) {
      const driven = withChannel(role, state);
      driven.receive(methodFrame(1, name));
      const next = nextState(state, peer, name);
      if (next !== undefined) {
        const carriesContent = specOf(name).content === true;
        if (carriesContent) driven.receive(headerFrame(1, 0));
        expect([driven.heard, driven.take()], name).toEqual([[`1 ${carriesContent ? 'content' : name}`], []]);
        expect(stateOf(driven), name).toBe(next);
      } else if (name === 'channel.close' && state !== 'closed') {
        expect([driven.takeNames(), driven.heard]).toEqual([['1 channel.close-ok'], ['1 ended']]);
        expect(stateOf(driven)).toBe('closed');
      } else {
        expectClose(driven, ...errorFor(state, name), name);
        expect(driven.heard, name).toEqual([]);
      }
    }
  });

  test('discards all but the close handshake while it is closing', () => {
    for (const name of methodNames) {
      const driven = withChannel(role, 'closing');
      driven.receive(methodFrame(1, name), headerFrame(1, 0));
      expect([driven.heard, driven.ends, driven.faults], name).toEqual(
        [[], name === 'channel.close-ok' ? [expect.anything()] : [], []],
      );
      if (name === 'channel.close-ok') continue;
      expect(driven.takeNames()).toEqual(name === 'channel.close' ? ['1 channel.close-ok'] : []);
      expect(stateOf(driven)).toBe('closing');
    }
  });

  test('may be opened again after close-ok, and only then', () => {
    const driven = withChannel(role, 'closing');
    driven.receive(methodFrame(1, 'channel.close-ok'));
    expect([driven.take(), driven.heard]).toEqual([[], []]);
    driven.say('client', 1, 'channel.open');
    driven.say('server', 1, 'channel.open-ok');
    expect(stateOf(driven)).toBe('open');
  });

  test.each(channelStates)('says only what is its own while it is %s', (state) => {
    for (const name of methodNames) {
      const driven = withChannel(role, state);
      const next = state === 'closing' ? undefined : nextState(state, role, name);
      if (next === undefined) {
        expect(() => driven.say(role, 1, name), name).toThrow('broken invariant');
        expect(driven.take()).toEqual([]);
      } else {
        driven.say(role, 1, name);
        expect(driven.takeNames()).toEqual([`1 ${name}`]);
      }
      expect(stateOf(driven), name).toBe(next ?? state);
    }
  });

  test.each([2, 3])('has no place for a frame of type %i', (type) => {
    const stray = type === 2 ? headerFrame(1, 1) : bodyFrame(1, 'x');
    const text = 'UNEXPECTED_FRAME - expected method frame, got non method frame instead';
    for (const state of ['closed', 'opening', 'open'] as const) {
      const driven = withChannel(role, state);
      driven.receive(stray);
      expectClose(driven, 505, text, undefined);
    }
    const closing = withChannel(role, 'closing');
    closing.receive(stray);
    expect([closing.take(), stateOf(closing)]).toEqual([[], 'closing']);
  });
});
