import type { Observable } from 'rxjs';

/**
 * Where it runs: in a worker that all tabs share; in a worker of one of them, which another one
 * takes over when that tab is gone; or in one of this page alone.
 */
export type HomePlace = 'shared' | 'elected' | 'own';

/** How the broker in this browser lives. */
export interface HomeState {
  /** Pages that share it. */
  readonly tabs: number;
  /** A scenario, or what was kept, has begun in it. */
  readonly begun: boolean;
  /** Which of the workspaces of this site it is. */
  readonly workspace: string;
  /** How often something else began in it; a restart goes on with the same. */
  readonly beginnings: number;
  /** What keeps its durable data. */
  readonly storage: 'memory' | 'opfs' | 'indexeddb';
  /** What is wrong with that, in words; ''. */
  readonly notice: string;
}

/** The broker's own life, beside the time in which it lives. */
export interface Home {
  readonly place: HomePlace;
  /** Starts with the present state. */
  readonly state$: Observable<HomeState>;
  /** Resolves once the broker counts this page among its tabs. */
  readonly entered: Promise<void>;
  /** The page in which the broker ran is gone: it has to begin again. */
  readonly lost$: Observable<void>;
  /**
   * Begins with what was kept, at this virtual time; false: another page did so first. All
   * clients are to be started.
   */
  recover(seed: number, at: number): Promise<boolean>;
  /**
   * Goes on with another workspace, at this virtual time, for all tabs: with what was kept of it.
   * All clients are to be started.
   */
  switchTo(workspace: string, seed: number, at: number): Promise<void>;
  /** Erases what is kept of a workspace. Rejects where it is the present one. */
  erase(workspace: string): Promise<void>;
  /** A crash of the broker: back comes what is durable, at the present time. No client is left. */
  restart(): Promise<void>;
}

/** The workspace of everybody who never made another one. */
export const FIRST_WORKSPACE = 'playground';
