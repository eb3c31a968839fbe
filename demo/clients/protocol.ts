/**
 * What a client's Worker and the world of the broker say to each other, over one MessagePort. One
 * port keeps the order of bytes, timers and turns, so that `idle` comes after all that a turn led
 * to: that is what makes time in lockstep possible.
 */
import type { ClientLog } from '../port/client-host.ts';
import type { Mark } from './marbles.ts';

/** What a link carries: chunks of AMQP, and the words of a MessagePort transport. */
export type LinkData = ArrayBuffer | string;

export type ToClient =
  | {
    readonly type: 'start';
    readonly name: string;
    /** The code as a CommonJS module. */
    readonly code: string;
    readonly seed: number;
    /** Wall-clock time of virtual time 0, and virtual time now, in milliseconds. */
    readonly wallStart: number;
    readonly now: number;
  }
  /** Something came for it. It answers `idle` with the round when there is nothing left to do. */
  | {
    readonly type: 'turn';
    readonly round: number;
    readonly now: number;
    readonly timers: readonly number[];
    readonly data: readonly { readonly link: number; readonly data: LinkData }[];
  };

export type FromClient =
  | { readonly type: 'timer'; readonly id: number; readonly delayMs: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'dial'; readonly link: number }
  | { readonly type: 'data'; readonly link: number; readonly data: LinkData }
  | { readonly type: 'log'; readonly level: ClientLog['level']; readonly text: string }
  | { readonly type: 'mark'; readonly mark: Mark }
  | { readonly type: 'failed'; readonly text: string; readonly line: number }
  /** What its code may import is there; the code itself begins now. */
  | { readonly type: 'loaded' }
  | { readonly type: 'idle'; readonly round: number };
