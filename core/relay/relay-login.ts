import { Subscription } from 'rxjs';
import { AmqpError } from '../errors.ts';
import type { Cancel, Identity, LoginRefusal, PeerInfo } from '../ports.ts';
import { utf8Text } from '../protocol/reader.ts';
import { methods } from '../protocol/spec.ts';
import type { MethodArgs } from '../protocol/types.ts';
import { offeredTo, readCredentials, type Mechanism } from '../session/sasl.ts';
import type { RelayHost, UpstreamLogin } from './relay-host.ts';

/** Who is told what becomes of a login. */
export interface LoginOwner {
  /** Reads nothing more of the client until `done` is called with what to do then. */
  await(start: (done: (then: () => void) => void) => void): void;
  onLogin(): void;
  onLoginRefused(error: AmqpError): void;
  /** The login lasts no longer. */
  onLoginExpired(error: AmqpError): void;
}

/** The login of a client: known here and mapped to a user of the upstream, or passed through. */
export class RelayLogin {
  /** Whoever logged in here; undefined: the upstream knows who it is. */
  identity: Identity | undefined;
  user = '';
  #passed: UpstreamLogin | undefined;
  readonly #host: RelayHost;
  readonly #peer: PeerInfo;
  readonly #owner: LoginOwner;
  readonly #subscription = new Subscription();
  #stopTerm: Cancel = () => {};

  constructor(host: RelayHost, peer: PeerInfo, owner: LoginOwner) {
    this.#host = host;
    this.#peer = peer;
    this.#owner = owner;
  }

  get mechanisms(): readonly Mechanism[] {
    return offeredTo(this.#peer, this.#host.mechanisms);
  }

  /** How to log in upstream; once the client has logged in. Errors: 403 where it may not. */
  upstreamFor(vhost: string): UpstreamLogin {
    return this.#passed ?? this.#host.loginOf(this.identity!, vhost);
  }

  /** Errors: 501, 502, 503 where the response is none of the mechanism's. */
  start({ mechanism, response }: MethodArgs<'connection.start-ok'>): void {
    const credentials = readCredentials(mechanism, response, this.#peer, this.mechanisms);
    this.user = credentials.user;
    const { authenticator } = this.#host;
    if (authenticator === undefined) {
      this.#passed = { mechanism, response: response.slice() };
      return this.#owner.onLogin();
    }
    this.#owner.await((done) => {
      this.#subscription.add(
        authenticator.authenticate(credentials, this.#peer).subscribe((identity) => {
          done(() => this.#authenticated(mechanism, identity));
        }),
      );
    });
  }

  #authenticated(mechanism: string, identity: Identity | LoginRefusal | undefined): void {
    if (identity === undefined || 'refused' in identity) {
      const reason = identity?.refused ?? 'For details see the broker logfile';
      const text = `Login was refused using authentication mechanism ${mechanism}. ${reason}.`;
      return this.#owner.onLoginRefused(new AmqpError('ACCESS_REFUSED', text, [0, 0]));
    }
    this.identity = identity;
    this.user = identity.user;
    this.#watchTerm();
    this.#owner.onLogin();
  }

  /** Takes another secret; `taken` is called unless it is refused. Errors: 530. CON-34. */
  renew(secret: Uint8Array, taken: () => void): void {
    const { identity } = this;
    const settle = (refusal: LoginRefusal | undefined): void => {
      if (refusal !== undefined) {
        throw new AmqpError('NOT_ALLOWED', 'New secret was refused by one of the backends: ' +
          refusal.refused, methods['connection.update-secret'].id);
      }
      this.#watchTerm();
      taken();
    };
    if (identity?.renew === undefined) return settle(undefined);
    this.#owner.await((done) => {
      this.#subscription.add(identity.renew!(utf8Text(secret) ?? '').subscribe((refusal) => {
        done(() => settle(refusal));
      }));
    });
  }

  stop(): void {
    this.#stopTerm();
    this.#subscription.unsubscribe();
  }

  /** A login that ends closes the connection with 320, unless it is renewed. */
  #watchTerm(): void {
    this.#stopTerm();
    const { clock } = this.#host;
    const { expiresAt = Infinity, user } = this.identity!;
    if (expiresAt === Infinity) return;
    this.#stopTerm = clock.setTimer(expiresAt - clock.wall(), () => {
      // The wall clock may have been set meanwhile.
      if (expiresAt > clock.wall()) return this.#watchTerm();
      const text = `the login of user '${user}' has expired`;
      this.#owner.onLoginExpired(new AmqpError('CONNECTION_FORCED', text, [0, 0]));
    }, 'a login expires');
  }
}
