import { getViewportForBounds, type Viewport } from '@xyflow/svelte';
import type { Point, Rect, Room } from './layout.ts';

export const ZOOM_MIN = 0.2;
export const ZOOM_MAX = 2;
const ZOOM_FIT = 1.15;
const MARGIN = '20px';
/** Pixels of the canvas below which four columns cannot be read. */
const WIDE_MIN = 460;
/** A room that is not so much higher than wide is a low one. */
const NARROW_ASPECT = 1.2;

/** Which part of the picture is in sight, and how large. */
export class Camera {
  viewport: Viewport = $state({ x: 0, y: 0, zoom: 1 });
  /** Pixels of the canvas, 0 until it stands. */
  width = $state(0);
  height = $state(0);
  /** Somebody chose what to look at. */
  moved = $state(false);

  get room(): Room {
    if (this.width === 0 || this.width >= WIDE_MIN) return 'wide';
    return this.height > this.width * NARROW_ASPECT ? 'narrow' : 'low';
  }

  /** All of it stays in sight until somebody looks at a part. */
  fit(whole: Rect): void {
    if (this.moved || this.width === 0) return;
    this.viewport = getViewportForBounds(
      whole, this.width, this.height, ZOOM_MIN, ZOOM_FIT, MARGIN,
    );
  }

  /** Nearer, farther, or so that all of it is in sight. */
  zoom(by: number | 'all'): void {
    this.moved = by !== 'all';
    if (by === 'all') return;
    const { x, y, zoom } = this.viewport;
    const to = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom * by));
    const share = to / zoom;
    const [middleX, middleY] = [this.width / 2, this.height / 2];
    this.viewport = {
      x: middleX - (middleX - x) * share, y: middleY - (middleY - y) * share, zoom: to,
    };
  }

  /** The place in the picture of a point of the canvas. */
  placeAt({ x, y }: Point): Point {
    const { x: left, y: top, zoom } = this.viewport;
    return { x: Math.round((x - left) / zoom), y: Math.round((y - top) / zoom) };
  }
}
