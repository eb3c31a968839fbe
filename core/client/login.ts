import { amqplainResponse, plainResponse } from '../session/sasl.ts';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import { LostError } from './errors.ts';
import type { Settings } from './options.ts';

/** What this client can do. CON-05. */
const capabilities: FieldTable = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
};

const responses: Record<string, (settings: Settings) => Uint8Array> = {
  PLAIN: ({ user, password }) => plainResponse(user, password),
  AMQPLAIN: ({ user, password }) => amqplainResponse(user, password),
  EXTERNAL: () => new Uint8Array(0),
  ANONYMOUS: () => new Uint8Array(0),
};

/** The answer to connection.start. CON-03 to CON-08. */
export function startOk(
  start: MethodArgs<'connection.start'>, settings: Settings,
): MethodArgs<'connection.start-ok'> {
  const { versionMajor, versionMinor } = start;
  if (versionMajor !== 0 || versionMinor !== 9) {
    const version = `${versionMajor}-${versionMinor}`;
    throw new LostError(`the broker speaks AMQP ${version} and not AMQP 0-9-1`);
  }
  const offered = start.mechanisms.split(' ');
  const mechanism = settings.authMechanisms.find((each) => offered.includes(each));
  if (mechanism === undefined) {
    throw new LostError(`the broker offers the authentication mechanisms ${start.mechanisms}, ` +
      `of which none is ${settings.authMechanisms.join(' or ')}`);
  }
  return {
    clientProperties: {
      product: 'TabMQ client', platform: 'JavaScript', ...settings.clientProperties, capabilities,
    },
    mechanism,
    response: responses[mechanism]!(settings),
    locale: 'en_US',
  };
}
