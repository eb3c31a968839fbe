import type { Observable } from 'rxjs';
import { createSubscriber } from 'svelte/reactivity';
import type { ClockState } from '../port/clock-control.ts';

/** Virtual time at each frame of the screen, between what the clock tells. */
export class FrameTime {
  readonly #subscribe: () => void;
  #state: ClockState | undefined;
  /** When the state came, in milliseconds of the wall. */
  #at = 0;

  constructor(state$: Observable<ClockState>) {
    this.#subscribe = createSubscriber((update) => {
      let frame = 0;
      const subscription = state$.subscribe((state) => {
        this.#state = state;
        this.#at = performance.now();
        update();
      });
      const tick = (): void => {
        if (this.#state?.paused === false) update();
        frame = requestAnimationFrame(tick);
      };
      tick();
      return () => {
        subscription.unsubscribe();
        cancelAnimationFrame(frame);
      };
    });
  }

  get now(): number {
    this.#subscribe();
    return this.at(performance.now());
  }

  /** Virtual time at a moment of the wall. */
  at(wall: number): number {
    const state = this.#state;
    if (state === undefined) return 0;
    if (state.paused) return state.now;
    return state.now + Math.max(0, wall - this.#at) * state.effectiveSpeed;
  }
}
