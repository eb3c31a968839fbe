/** Counts logins over HTTP, as RabbitMQ does by protocol. */
export class LoginAttempts {
  #succeeded = 0;
  #failed = 0;

  count(succeeded: boolean): void {
    if (succeeded) this.#succeeded++;
    else this.#failed++;
  }

  reset(): void {
    this.#succeeded = 0;
    this.#failed = 0;
  }

  byProtocol(): readonly object[] {
    return [{
      protocol: 'http', auth_attempts: this.#succeeded + this.#failed,
      auth_attempts_failed: this.#failed, auth_attempts_succeeded: this.#succeeded,
    }];
  }
}
