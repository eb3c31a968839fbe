import type { Clock } from '../../core/ports.ts';
import { SPEED_MAX, SPEED_MIN } from '../port/clock-control.ts';

/** How far virtual time may fall behind the wall before it gives up catching up, in wall ms. */
const BEHIND_MS_MAX = 100;
/** Wall milliseconds over which the speed is measured. */
const MEASURE_MS = 500;

/** Ties virtual time to the wall's, at a speed. */
export class Pace {
  effectiveSpeed: number;
  readonly #host: Clock;
  #speed = 1;
  /** A moment of both times from which on they run together. */
  #wall = 0;
  #virtual = 0;
  #measuredWall = 0;
  #measuredVirtual = 0;

  constructor(host: Clock) {
    this.#host = host;
    this.effectiveSpeed = this.#speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** From now on: `virtual` is the present, and time goes at this speed. */
  set(virtual: number, speed = this.#speed): void {
    this.#speed = Math.min(SPEED_MAX, Math.max(SPEED_MIN, speed));
    this.#wall = this.#host.now();
    this.#virtual = virtual;
    this.effectiveSpeed = this.#speed;
    this.#measuredWall = this.#wall;
    this.#measuredVirtual = virtual;
  }

  /** Where virtual time is to be. */
  get target(): number {
    return this.#virtual + (this.#host.now() - this.#wall) * this.#speed;
  }

  /** Wall milliseconds until virtual time is to be at `at`. */
  wallUntil(at: number): number {
    return Math.max(0, (at - this.target) / this.#speed);
  }

  /** Virtual time reached `now`: what the machine could not do in time is not made up for. */
  reached(now: number): void {
    const wall = this.#host.now();
    if ((this.target - now) / this.#speed > BEHIND_MS_MAX) {
      this.#wall = wall;
      this.#virtual = now;
    }
    if (wall - this.#measuredWall < MEASURE_MS) return;
    this.effectiveSpeed = (now - this.#measuredVirtual) / (wall - this.#measuredWall);
    this.#measuredWall = wall;
    this.#measuredVirtual = now;
  }
}
