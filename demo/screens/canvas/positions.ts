import { workspaceKey } from '../../shell/workspaces.ts';
import type { Point } from './layout.ts';

/** A thing and its place. */
export type Place = readonly [id: string, point: Point];

/** Places that things were dragged to, kept for the next visit where the browser keeps anything. */
export class Positions {
  readonly #key: string;
  readonly #points: Map<string, Point>;

  /** `name`: of the scenario. */
  constructor(name: string) {
    this.#key = workspaceKey(`positions.${name}`);
    this.#points = new Map(read(this.#key));
  }

  set(id: string, point: Point): void {
    this.#points.set(id, point);
    this.#write();
  }

  get places(): readonly Place[] {
    return [...this.#points];
  }

  /** Forgets all places but these. */
  replace(places: readonly Place[]): void {
    this.#points.clear();
    for (const [id, point] of places) this.#points.set(id, point);
    this.#write();
  }

  /** The places of a layout, but for the things that were dragged. */
  over(layout: ReadonlyMap<string, Point>): Map<string, Point> {
    return new Map([...layout].map(([id, point]) => [id, this.#points.get(id) ?? point]));
  }

  #write(): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify([...this.#points]));
    } catch {
      // Where nothing can be kept, the places last as long as the page.
    }
  }
}

function read(key: string): Place[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isPlace) : [];
  } catch {
    return [];
  }
}

function isPlace(value: unknown): value is Place {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return false;
  const point = value[1] as Partial<Point> | null | undefined;
  return Number.isFinite(point?.x) && Number.isFinite(point?.y);
}
