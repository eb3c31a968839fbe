import { AmqpError } from '../../errors.ts';
import type { Cancel, LoginRefusal } from '../../ports.ts';
import { methods } from '../../protocol/spec.ts';
import type { ServerConnection } from './server-connection.ts';

/** A login that does not last: it ends, unless another secret takes the place of the one it has. */
export class LoginTerm {
  readonly #connection: ServerConnection;
  #cancel: Cancel = () => {};

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** Closes the connection with 320 when the login ends, as it is known by now. */
  watch(): void {
    this.stop();
    const { broker: { clock }, identity } = this.#connection;
    const { expiresAt = Infinity } = identity;
    if (expiresAt === Infinity) return;
    this.#cancel = clock.setTimer(expiresAt - clock.wall(), () => {
      // The wall clock may have been set meanwhile.
      if (expiresAt > clock.wall()) return this.watch();
      const text = `the login of user '${identity.user}' has expired`;
      this.#connection.close(new AmqpError('CONNECTION_FORCED', text));
    }, 'a login expires');
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  /** Takes another secret. Errors: 530 where whoever let the client in refuses it. CON-34. */
  renew(secret: string): void {
    const connection = this.#connection;
    const { identity, session, subscription, broker: { turn } } = connection;
    const settle = (refusal: LoginRefusal | undefined): void => turn.within(() => {
      if (refusal !== undefined) return session.close(refused(refusal));
      session.send(0, 'connection.update-secret-ok', {});
      this.watch();
      connection.flushLater();
    });
    // CON-34: who logged in with a password is not asked again.
    if (identity.renew === undefined) return settle(undefined);
    connection.awaitWork((done) => {
      subscription.add(identity.renew!(secret).subscribe((refusal) => {
        if (session.state === 'running') settle(refusal);
        done();
      }));
    });
  }
}

function refused({ refused: reason }: LoginRefusal): AmqpError {
  const text = `New secret was refused by one of the backends: ${reason}`;
  return new AmqpError('NOT_ALLOWED', text, methods['connection.update-secret'].id);
}
