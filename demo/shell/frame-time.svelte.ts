import type { Observable } from 'rxjs';
import { createSubscriber } from 'svelte/reactivity';
import type { ClockState } from '../port/clock-control.ts';

/** Virtual time at each frame of the screen, between what the clock tells. */
export class FrameTime {
  readonly #state$: Observable<ClockState>;
  readonly #subscribe: () => void;
  #state: ClockState | undefined;
  /** When the state came, in milliseconds of the wall. */
  #at = 0;

  constructor(state$: Observable<ClockState>) {
    this.#state$ = state$;
    this.#subscribe = createSubscriber((update) => {
      let frame = 0;
      const end = this.follow(update);
      const tick = (): void => {
        if (this.#state?.paused === false) update();
        frame = requestAnimationFrame(tick);
      };
      tick();
      return () => {
        end();
        cancelAnimationFrame(frame);
      };
    });
  }

  /** Keeps time for `at`, until the function that it answers is called. */
  follow(onState: (state: ClockState) => void = () => {}): () => void {
    const subscription = this.#state$.subscribe((state) => {
      this.#state = state;
      this.#at = performance.now();
      onState(state);
    });
    return () => subscription.unsubscribe();
  }

  /** Virtual time now; what reads it in markup is shown anew at each frame. */
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

  get paused(): boolean {
    return this.#state?.paused ?? true;
  }
}
