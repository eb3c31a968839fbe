import { BehaviorSubject } from 'rxjs';
import { whenGone } from '../../browser/life.ts';
import { describeTrouble } from '../../browser/storage-trouble.ts';
import type { Clock } from '../../core/ports.ts';
import { FIRST_WORKSPACE, type HomeState } from '../port/home.ts';
import { eraseKept, openKept, type Kept } from './kept.ts';
import { World } from './world.ts';

interface Beginning {
  readonly seed: number;
  readonly at?: number;
  /** Why what is done from now on cannot be recorded; '' where it can. */
  readonly unrecorded: string;
  /** The world that crashed, whose run goes on. */
  readonly before?: World;
}

const FROM_KEPT = 'The broker went on from what it had kept, so its beginning is not known.';
const NOT_KEPT = 'Not all that was durable was there any more when the broker was restarted.';

/** The worlds of a playground, one after the other, and what is kept from one to the next. */
export class BrokerHome {
  readonly world$: BehaviorSubject<World>;
  readonly state$ = new BehaviorSubject<HomeState>({
    tabs: 0, begun: false, workspace: FIRST_WORKSPACE, beginnings: 0, storage: 'memory', notice: '',
  });
  readonly #host: Clock;
  #kept: Kept | undefined;
  /** One world begins after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(host: Clock) {
    this.#host = host;
    this.world$ = new BehaviorSubject(new World(host, { seed: 1, paused: true }));
  }

  /** Counts a page for as long as it holds the lock; the first one knows the workspace. */
  enter(life: string | undefined, workspace: string): void {
    const { tabs, begun } = this.state$.value;
    this.#change({ tabs: tabs + 1, ...(!begun && { workspace }) });
    void whenGone(life).then(() => this.#change({ tabs: this.state$.value.tabs - 1 }));
  }

  /** A world without a past. */
  reset(seed: number): Promise<void> {
    return this.#afterLast(async () => {
      this.world$.value.end();
      await this.#kept?.journal.close().catch(() => {});
      this.#kept = await openKept(this.#host, this.#workspace, { fresh: true });
      this.#change({ beginnings: this.state$.value.beginnings + 1 });
      await this.#begin({ seed, unrecorded: '' }, this.#kept);
    });
  }

  /** Begins with what was kept; false: a world has begun already. */
  recover(beginning: Omit<Beginning, 'unrecorded'>): Promise<boolean> {
    return this.#afterLast(async () => {
      if (this.state$.value.begun) return false;
      await this.#goOn(this.#workspace, beginning);
      return true;
    });
  }

  /** Ends what runs, and goes on with what was kept of another workspace. */
  switchTo(workspace: string, beginning: Omit<Beginning, 'unrecorded'>): Promise<void> {
    return this.#afterLast(async () => {
      this.world$.value.end();
      await this.#kept?.journal.close().catch(() => {});
      await this.#goOn(workspace, beginning);
    });
  }

  erase(workspace: string): Promise<void> {
    return this.#afterLast(async () => {
      if (workspace === this.#workspace) throw new Error('this workspace is in use');
      await eraseKept(workspace);
    });
  }

  /** Time stands after it: the clients are to be started once more. */
  restart(): Promise<void> {
    return this.#afterLast(async () => {
      const { value: world } = this.world$;
      world.outside.crash();
      world.pause();
      await this.#replace(world);
    });
  }

  /** A recording restarts the world in which it is repeated, unless another one has begun. */
  #restartIn(world: World): Promise<void> {
    return this.#afterLast(async () => {
      if (world === this.world$.value) await this.#replace(world);
    });
  }

  async #replace(before: World): Promise<void> {
    before.crash();
    const { storage } = this.state$.value;
    this.#kept = await (this.#kept?.reopen()
      ?? openKept(this.#host, this.#workspace, { fresh: false }));
    const { seed } = before.state$.value;
    if (this.#kept.salvaged || this.#kept.kind !== storage) before.outside.loseRecording(NOT_KEPT);
    await this.#begin({ seed, at: before.clock.now(), unrecorded: '', before }, this.#kept);
  }

  get #workspace(): string {
    return this.state$.value.workspace;
  }

  async #goOn(workspace: string, beginning: Omit<Beginning, 'unrecorded'>): Promise<void> {
    this.#kept = await openKept(this.#host, workspace, { fresh: false });
    this.#change({ workspace, beginnings: this.state$.value.beginnings + 1 });
    await this.#begin({ ...beginning, unrecorded: FROM_KEPT }, this.#kept);
  }

  async #begin({ seed, at = 0, unrecorded, before }: Beginning, kept: Kept): Promise<void> {
    const { journal, salvaged, kind, notice } = kept;
    const world = new World(this.#host, {
      seed, startAt: at, paused: true, journal, unrecorded,
      restart: (world) => this.#restartIn(world),
    });
    world.setBreakpoints(this.world$.value.breakpoints);
    await world.broker.recover({ salvaged });
    world.broker.events$.subscribe((event) => {
      if (event.type !== 'journal.trouble') return;
      this.#change({ notice: describeTrouble(event) ?? '' });
    });
    // Nothing happens in it before somebody can see it.
    this.world$.next(world);
    if (before !== undefined) world.follow(before);
    this.#change({ begun: true, storage: kind, notice });
  }

  #afterLast<T>(act: () => Promise<T>): Promise<T> {
    const acted = this.#last.then(act);
    this.#last = acted.catch(() => {});
    return acted;
  }

  #change(change: Partial<HomeState>): void {
    this.state$.next({ ...this.state$.value, ...change });
  }
}
