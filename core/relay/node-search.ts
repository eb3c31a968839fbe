import { Subscription } from 'rxjs';
import { limits } from '../limits.ts';
import type { Cancel } from '../ports.ts';
import { edge } from '../session/edge.ts';
import type { RelayHost, RelayNode } from './relay-host.ts';
import { UpstreamLeg, type UpstreamOwner, type UpstreamRequest } from './upstream-leg.ts';

/** Tries one node after the other, until one lets the client in or says why it does not. */
export class NodeSearch {
  /** The leg to the node at hand; undefined: there is none, or it is not reached yet. */
  leg: UpstreamLeg | undefined;
  #node: RelayNode | undefined;
  readonly #host: RelayHost;
  readonly #nodes: Iterator<RelayNode>;
  readonly #request: UpstreamRequest;
  readonly #owner: UpstreamOwner;
  #dialing = new Subscription();
  #stopDeadline: Cancel = () => {};
  #leave: Cancel = () => {};

  constructor(
    host: RelayHost, nodes: Iterable<RelayNode>, request: UpstreamRequest, owner: UpstreamOwner,
  ) {
    this.#host = host;
    this.#nodes = nodes[Symbol.iterator]();
    this.#request = request;
    this.#owner = owner;
  }

  /** Address of the node at hand. */
  get nodeName(): string | undefined {
    return this.#node?.name;
  }

  /** Tries the next node; whether there is one. */
  next(): boolean {
    const { done, value: node } = this.#nodes.next();
    if (done === true) return false;
    this.leg = undefined;
    this.#node = node;
    let isSettled = false;
    const fail = (reason: string): void => {
      if (isSettled) return;
      isSettled = true;
      this.#stopDeadline();
      this.#owner.onUpstreamLost(reason);
    };
    const serve = edge((sink) => {
      isSettled = true;
      this.#stopDeadline();
      this.leg = new UpstreamLeg(this.#request, this.#owner, sink, this.#host);
      return this.leg;
    });
    const dialing = new Subscription();
    this.#dialing = dialing;
    this.#stopDeadline = this.#host.clock.setTimer(limits.upstreamDialMs, () => {
      dialing.unsubscribe();
      fail(`it could not be reached within ${limits.upstreamDialMs} ms`);
    }, 'an upstream node is dialled');
    dialing.add(node.dial(serve).subscribe({
      error: (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
    }));
    return true;
  }

  /** The node let the client in. */
  found(): void {
    this.#leave = this.#node!.opened();
  }

  /** The node at hand is gone, or was never there. */
  lost(reason: string, isOpen: boolean): void {
    this.leg = undefined;
    if (!isOpen) this.#node?.failed(reason);
    this.left();
  }

  /** The connection is no more one of the node's. */
  left(): void {
    this.#leave();
    this.#leave = () => {};
  }

  /** Looks no further. A leg that is there says good-bye by itself. */
  stop(): void {
    this.#stopDeadline();
    if (this.leg === undefined) this.#dialing.unsubscribe();
    this.left();
  }
}
