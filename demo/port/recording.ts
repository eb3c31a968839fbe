import type { ApiRequest } from '../../core/management/index.ts';
import type { ClientSpec } from './client-host.ts';

/** What is done to a world from outside of its time: by hand, mostly. All of it is JSON. */
export type Deed =
  /** A request to the management API that changes something; `body` as `plainOf` makes it. */
  | { readonly does: 'call'; readonly method: ChangingMethod; readonly path: string;
      readonly body?: unknown }
  /** A screen opens a connection of its own, or is gone without a word. */
  | { readonly does: 'dial' | 'lose'; readonly guest: number }
  /** What comes over it: octets as base64url, and the words of a MessagePort transport. */
  | { readonly does: 'send'; readonly guest: number; readonly data: string }
  | { readonly does: 'say'; readonly guest: number; readonly word: string }
  | { readonly does: 'start'; readonly client: ClientSpec }
  | { readonly does: 'kill' | 'remove'; readonly name: string }
  | { readonly does: 'pause'; readonly name: string; readonly paused: boolean }
  | { readonly does: 'delay'; readonly name: string; readonly delayMs: number }
  /**
   * `settle`: somebody outside waited for the disk while time stood still. `restart`: the broker
   * crashed, and another one began with what it had kept; places are counted from there on.
   */
  | { readonly does: 'settle' | 'restart' };

export type ChangingMethod = Exclude<NonNullable<ApiRequest['method']>, 'GET'>;

/** A deed and its place in the run: after so many things had happened, at this virtual time. */
export type RecordedInput = Deed & { readonly at: number; readonly place: number };

/** All that was done since a world began: with the same seed it leads to the same run. */
export interface Recording {
  /** In the order in which it was done. */
  readonly inputs: readonly RecordedInput[];
  /** Why there is no recording, in words; '' where there is one. */
  readonly lost: string;
}

export const recordingLimits = {
  inputs: 5000,
  /** Characters of JSON: half of what a shared file may have. */
  characters: 524_288,
} as const;
