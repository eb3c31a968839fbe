import { BehaviorSubject, Subject } from 'rxjs';
import { Broker, durableIn, VirtualClock, type Clock } from '../../core/index.ts';
import { tapOf, type TapEvent } from '../../core/management/index.ts';
import { BufferPool } from '../../core/protocol/index.ts';
import type { Breakpoint, ClockState, StepUnit, TimerView } from '../port/clock-control.ts';
import type { RecordedInput } from '../port/recording.ts';
import { breakAt, isStep } from './breakpoints.ts';
import { Clients } from './clients.ts';
import { Goals, goalTime, type Goal } from './goals.ts';
import type { LockstepJournal } from './lockstep-journal.ts';
import { Outside } from './outside.ts';
import { Pace } from './pace.ts';
import { seededRandom } from '../../core/random.ts';
import { Sleep } from './sleep.ts';
import { TapHub } from './tap-hub.ts';
import { timerViews } from './timer-views.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Wall-clock time of virtual time 0, in milliseconds. */
  readonly wallStart?: number;
  readonly paused?: boolean;
  /** Virtual time at which it begins. Default: 0. */
  readonly startAt?: number;
  /** Keeps what is durable; the broker recovers before it is used. Default: nothing is kept. */
  readonly journal?: LockstepJournal;
  /** Why what is done to it cannot be recorded, in words. Default: it can. */
  readonly unrecorded?: string;
  /** Has another world follow this one, as a recording asks for it. Default: none does. */
  readonly restart?: (world: World) => Promise<void>;
}

/** Virtual time of every world starts on the same day, so that runs are alike to the byte. */
const WALL_START = Date.UTC(2026, 0, 1);

/**
 * A broker, its clients and their time, which goes as fast as it is told, or not at all. One thing
 * happens after the other: a frame reaches the broker, a client has its turn, a timer is due. So
 * the same start leads to the same frames, and time can stop between any two of them.
 */
export class World {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly tap: TapHub;
  readonly clients: Clients;
  readonly outside: Outside;
  readonly state$: BehaviorSubject<ClockState>;
  readonly events$ = new Subject<TapEvent>();
  readonly #options: { readonly seed: number; readonly wallStart: number };
  readonly #journal: LockstepJournal | undefined;
  readonly #sleep: Sleep;
  readonly #pace: Pace;
  readonly #pool = new BufferPool();
  #goals = new Goals();
  #breakpoints: readonly Breakpoint[] = [];
  #paused: boolean;
  /** Whether time was to go on when it was last looked at. */
  #ran = false;
  #stoppedBy = '';
  #fault = '';
  #lastSeq = 0;
  #steps = 0;
  #jumps = 0;
  #ended = false;
  /** Things that happened: frames, turns of clients, timers, words of the disk. */
  #happened = 0;
  /** Somebody outside did something, and what it leads to may have to wait for the disk. */
  #isAwaited = false;

  constructor(host: Clock, options: WorldOptions) {
    const {
      seed, wallStart = WALL_START, paused = false, startAt = 0, journal, unrecorded = '', restart,
    } = options;
    this.#options = { seed, wallStart };
    this.#journal = journal;
    this.#sleep = new Sleep(host);
    this.#pace = new Pace(host);
    this.#paused = paused;
    this.clock = new VirtualClock(wallStart);
    this.clock.advanceTo(startAt);
    const random = seededRandom(seed);
    this.broker = new Broker(
      {
        clock: this.clock, random, pool: this.#pool,
        ...(journal && { durability: durableIn(journal) }),
      },
      { node: 'tabmq@tab', platform: 'Browser' },
    );
    this.tap = new TapHub(host);
    this.clients = new Clients({
      broker: this.broker, clock: this.clock, pool: this.#pool, host, seed, wallStart,
      lastSeq: () => this.#lastSeq,
      wake: () => this.#sleep.wake(), lost: (name) => this.outside.kill(name),
    });
    this.outside = new Outside({
      broker: this.broker, clock: this.clock, pool: this.#pool, clients: this.clients, unrecorded,
      happened: () => this.#happened,
      catchUp: () => this.#catchUp(),
      entered: () => {
        this.#isAwaited = true;
        this.#sleep.wake();
      },
      settle: async () => await journal?.settle() ?? false,
      restart: async () => restart?.(this),
    });
    this.state$ = new BehaviorSubject(this.#state());
    // Space that is back is news, while the world sleeps as well.
    journal?.onTrouble(() => {
      this.outside.loseRecording('The storage of this browser failed on the way.');
      this.#sleep.wake();
    });
    tapOf(this.broker).subscribe((event) => this.#onEvent(event));
    this.#pace.set(startAt);
    void this.#run();
  }

  pause(): void {
    this.#stop('');
  }

  resume(): void {
    this.#paused = false;
    this.#stoppedBy = '';
    this.#pace.set(this.clock.now());
    this.#changed();
  }

  setSpeed(speed: number): void {
    this.#pace.set(this.clock.now(), speed);
    this.#changed();
  }

  get breakpoints(): readonly Breakpoint[] {
    return this.#breakpoints;
  }

  setBreakpoints(breakpoints: readonly Breakpoint[]): void {
    this.#breakpoints = breakpoints;
  }

  step(unit: StepUnit): Promise<boolean> {
    this.#steps++;
    this.pause();
    return this.#pursue((done) => ({ kind: 'step', unit, reached: false, done }));
  }

  /** Finishes what is at hand, then lets the next timer run and all that follows from it. */
  async nextTimer(): Promise<boolean> {
    this.pause();
    await this.#until(this.clock.now());
    const at = this.#nextAt;
    if (at === undefined) return false;
    this.#jumps++;
    return this.#until(at);
  }

  async advanceTo(at: number): Promise<void> {
    await this.#until(at);
    this.#pace.set(this.clock.now());
  }

  timers(count = 20): readonly TimerView[] {
    const timers = timerViews(this.clock, this.broker, count);
    const recorded = this.outside.waiting.slice(0, count);
    return [...timers, ...recorded].sort((a, b) => a.at - b.at).slice(0, count);
  }

  /** Lets everything of the recording happen once more, each at its place. */
  repeat(inputs: readonly RecordedInput[], spawner: MessagePort): void {
    this.outside.repeat(inputs, spawner);
    this.#changed();
  }

  end(): void {
    this.crash();
    this.#goals.close();
  }

  /** Ends, and leaves what was to be done to the world that follows it. */
  crash(): void {
    this.#ended = true;
    this.clients.end();
    this.outside.end();
    this.#sleep.wake();
  }

  /** Goes on as the world that crashed would have. */
  follow(before: World): void {
    this.outside.follow(before.outside);
    this.#goals = before.#goals;
    this.#paused = before.#paused;
    this.#pace.set(this.clock.now(), before.#pace.speed);
    this.#changed();
  }

  #until(at: number): Promise<boolean> {
    return this.#pursue((done) => ({ kind: 'until', at, done }));
  }

  #pursue(make: Parameters<Goals['pursue']>[0]): Promise<boolean> {
    const pursued = this.#goals.pursue(make);
    this.#sleep.wake();
    return pursued;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#go();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Does one thing, or sleeps where there is none. */
  async #go(): Promise<void> {
    // What came while time stood still is durable before it goes on, and not some time after.
    if (this.#runs && !this.#ran) while (await this.#settle(true));
    const { first: goal } = this.#goals;
    const runs = this.#runs;
    this.#ran = runs;
    // The disk is waited for before time moves, and for those outside of time as well.
    const moved = (runs && (await this.#repeat(goal) || await this.#handle()))
      || await this.#settle(!runs) || (runs && await this.#move(goal));
    if (goal?.kind === 'step' && goal.reached) this.#reach(goal, true);
    else if (!moved && goal !== undefined) this.#reach(goal, goal.kind === 'until');
    else if (!moved) await this.#rest();
  }

  get #runs(): boolean {
    return !this.#paused || this.#goals.first !== undefined;
  }

  /** Does the next thing that is to be done; false: there is nothing until time goes on. */
  async #handle(): Promise<boolean> {
    const { clients, clock } = this;
    clock.runDeferred();
    if (clients.handleOne()) {
      this.#happened++;
      return true;
    }
    const client = clients.next();
    if (client === undefined) return false;
    // What comes in meanwhile comes after it: nothing of this turn has reached the broker yet.
    this.#happened++;
    await client.turn(clock.now());
    return true;
  }

  /** Does what was recorded for this place of the run; false: its place is not reached. */
  async #repeat(goal: Goal | undefined): Promise<boolean> {
    const { next } = this.outside;
    if (next === undefined || next.place > this.#happened || next.at > this.#limit(goal)) {
      return false;
    }
    await this.outside.repeatNext();
    return true;
  }

  /**
   * Waits for the disk, and answers whether it had news. While time stands still, only a call from
   * outside waits: so the moment at which time was stopped changes nothing else.
   */
  async #settle(standing: boolean): Promise<boolean> {
    if (standing && !this.#isAwaited) return false;
    const told = await this.#journal?.settle() ?? false;
    if (!told) this.#isAwaited = false;
    else if (standing) this.outside.settled();
    else this.#happened++;
    return told;
  }

  /** Virtual time up to which things are to happen now. */
  #limit(goal: Goal | undefined): number {
    return goal === undefined ? Math.floor(this.#pace.target) : goalTime(goal);
  }

  /** When something will happen by itself. */
  get #nextAt(): number | undefined {
    const at = Math.min(this.clock.nextTimerAt ?? Infinity, this.outside.next?.at ?? Infinity);
    return at === Infinity ? undefined : Math.max(at, this.clock.now());
  }

  /** Moves time to the next timer; false: it is as far as it is to be. */
  async #move(goal: Goal | undefined): Promise<boolean> {
    const { clock } = this;
    const limit = this.#limit(goal);
    const { next } = this.outside;
    const { nextTimerAt } = clock;
    if (nextTimerAt !== undefined && nextTimerAt <= Math.min(limit, next?.at ?? Infinity)) {
      clock.advanceTo(nextTimerAt);
      this.#happened++;
      this.#moved();
      return true;
    }
    // Where somebody changed the run its place is never reached, but its time is.
    if (next !== undefined && next.at <= limit) {
      await this.outside.repeatNext();
      return true;
    }
    if (Number.isFinite(limit) && limit > clock.now()) clock.advanceTo(limit);
    this.#moved();
    return false;
  }

  #reach(goal: Goal, stepped: boolean): void {
    this.tap.flush();
    this.#changed();
    this.#goals.over(goal, stepped);
  }

  #moved(): void {
    this.#pace.reached(this.clock.now());
  }

  /** Waits for something to do, or for the next timer. */
  async #rest(): Promise<void> {
    if (this.#sleep.isDue) this.state$.next(this.#state());
    const nextAt = this.#nextAt;
    const isDue = !this.#paused && nextAt !== undefined;
    await this.#sleep.rest(isDue ? this.#pace.wallUntil(nextAt) : undefined);
  }

  /** Virtual time is where it is to be, before something comes from outside of it. */
  #catchUp(): void {
    if (this.#paused || this.#goals.first !== undefined) return;
    const target = Math.floor(this.#pace.target);
    if (target > this.clock.now() && target < (this.#nextAt ?? Infinity)) {
      this.clock.advanceTo(target);
    }
  }

  #onEvent(event: TapEvent): void {
    this.#lastSeq = event.seq;
    this.tap.add(event);
    this.events$.next(event);
    const { first: goal } = this.#goals;
    if (goal?.kind === 'step' && isStep(goal.unit, event)) goal.reached = true;
    const reason = breakAt(this.#breakpoints, event);
    if (reason !== undefined) this.#stop(reason);
  }

  #stop(reason: string): void {
    this.#paused = true;
    this.#stoppedBy = reason;
    this.#goals.drop(true);
    this.#changed();
  }

  /** What should never be thrown was: time stands, so that it is seen, and can go on. */
  #fail(error: unknown): void {
    this.#fault = error instanceof Error ? error.message : String(error);
    // Who waits for a disk that fails would do so once more at once.
    this.#isAwaited = false;
    this.#stop('a fault of the broker');
  }

  #changed(): void {
    this.state$.next(this.#state());
    this.#sleep.wake();
  }

  #state(): ClockState {
    const { wallStart, seed } = this.#options;
    return {
      now: this.clock.now(), wallStart, paused: this.#paused, speed: this.#pace.speed,
      effectiveSpeed: this.#pace.effectiveSpeed, seed,
      nextTimerAt: this.#nextAt ?? null, stoppedBy: this.#stoppedBy, fault: this.#fault,
      steps: this.#steps, jumps: this.#jumps,
    };
  }
}
