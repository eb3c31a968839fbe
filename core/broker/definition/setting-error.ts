/**
 * Why a setting cannot be: something that it names is not there, its value is wrong, or there are
 * too many of its kind already.
 */
export type SettingFault = 'no-such-user' | 'no-such-vhost' | 'invalid' | 'too-many';

/**
 * A user, a permission, a policy, a limit or a parameter that cannot be as somebody wants it.
 * Nothing was changed. The message is RabbitMQ's, where it has one.
 */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  readonly fault: SettingFault;

  constructor(fault: SettingFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
