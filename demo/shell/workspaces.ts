/**
 * Several playgrounds of one site: each has durable data, code, places and a scenario of its own.
 * One of them runs at a time, for all tabs.
 */
import { BehaviorSubject } from 'rxjs';
import { FIRST_WORKSPACE } from '../port/home.ts';

export interface Workspace {
  /** What its data lies under; it never changes. */
  readonly id: string;
  readonly name: string;
}

export interface Workspaces {
  /** Id of the one that runs. */
  readonly current: string;
  readonly all: readonly Workspace[];
}

export const WORKSPACE_NAME_MAX = 40;
const WORKSPACES_MAX = 50;
const KEY = 'playground.workspaces';
const ALONE: Workspaces = {
  current: FIRST_WORKSPACE, all: [{ id: FIRST_WORKSPACE, name: 'Playground' }],
};

export const workspaces$ = new BehaviorSubject<Workspaces>(read());

// Another tab changed the list; which one runs is told by the broker.
globalThis.addEventListener?.('storage', ({ key }) => {
  if (key === KEY) workspaces$.next({ ...read(), current: workspaces$.value.current });
});

/** Under which something of the present workspace is kept, or of another one. */
export function workspaceKey(what: string, id = workspaces$.value.current): string {
  return id === FIRST_WORKSPACE ? `playground.${what}` : `${id}.${what}`;
}

export function setCurrent(current: string): void {
  if (current !== workspaces$.value.current) write({ ...workspaces$.value, current });
}

/** Answers its id; undefined: there are too many. */
export function addWorkspace(name: string): string | undefined {
  const { current, all } = workspaces$.value;
  if (all.length >= WORKSPACES_MAX) return undefined;
  let number = 2;
  while (all.some(({ id }) => id === idOf(number))) number++;
  write({ current, all: [...all, { id: idOf(number), name: freeName(name, all) }] });
  return idOf(number);
}

export function renameWorkspace(id: string, name: string): void {
  const { current, all } = workspaces$.value;
  const others = all.filter((each) => each.id !== id);
  write({
    current,
    all: all.map((each) => (each.id === id ? { id, name: freeName(name, others) } : each)),
  });
}

/** Takes it off the list, and everything of it that pages keep. */
export function removeWorkspace(id: string): void {
  const { current, all } = workspaces$.value;
  write({ current, all: all.filter((each) => each.id !== id) });
  forgetKeys(id);
}

/** What pages keep of a workspace: places, what runs, and its time. */
export function forgetKeys(id: string): void {
  try {
    const begin = workspaceKey('', id);
    const kept = new Set(['notes', 'time', 'positions'].map((what) => begin + what));
    for (const key of Object.keys(localStorage)) {
      if (kept.has(key) || key.startsWith(`${begin}positions.`)) localStorage.removeItem(key);
    }
  } catch {
    // Nothing was kept.
  }
}

function idOf(number: number): string {
  return `${FIRST_WORKSPACE}-${number}`;
}

/** No two have the same, as people know them by nothing else. */
function freeName(asked: string, all: readonly Workspace[]): string {
  const name = asked.trim().slice(0, WORKSPACE_NAME_MAX) || 'Playground';
  let free = name;
  for (let number = 2; all.some((each) => each.name === free); number++) free = `${name} ${number}`;
  return free;
}

function write(workspaces: Workspaces): void {
  workspaces$.next(workspaces);
  try {
    localStorage.setItem(KEY, JSON.stringify(workspaces));
  } catch {
    // Where nothing can be kept, they last as long as the page.
  }
}

function read(): Workspaces {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Workspaces> | null;
    // Somebody may have written there by hand.
    const all = (Array.isArray(kept?.all) ? kept.all : []).filter(isWorkspace);
    const current = all.find(({ id }) => id === kept?.current)?.id ?? all[0]?.id;
    return current === undefined ? ALONE : { current, all };
  } catch {
    return ALONE;
  }
}

function isWorkspace(value: Partial<Workspace> | null): value is Workspace {
  const isOurs = typeof value?.id === 'string' && /^playground(-\d+)?$/.test(value.id);
  return isOurs && typeof value.name === 'string';
}
