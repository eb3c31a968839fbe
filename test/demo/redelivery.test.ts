/** The climax of the first lesson: a message of a consumer that is killed flies back, and comes again. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { TapOf } from '../../core/management/index.ts';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

/** Virtual milliseconds of a flight. */
const HOP_MS = 500;
/** Instants of a flight at which it is looked at. */
const INSTANTS = Array.from({ length: 10 }, (_, i) => (i + 0.5) / 10);
/** Wall milliseconds that the consumer is marked: a timer may not be early, and may be late. */
const MARK_MS = 3000;

interface Point { readonly x: number; readonly y: number }
interface Dot extends Point { readonly radius: number; readonly colour: string }
interface Drawn {
  readonly dots: readonly Dot[];
  readonly texts: readonly (Point & { readonly text: string })[];
}

declare global {
  interface Window { __drawn: Drawn; __marks: number[]; __lines: number }
}

/** In the page, before all else: keeps what the last frame drew, in pixels of the canvas. */
function keepDrawn(): void {
  const own = CanvasRenderingContext2D.prototype;
  const { clearRect, arc, fillText } = own;
  const empty = () => ({ dots: [] as Dot[], texts: [] as (Point & { text: string })[] });
  let drawing = empty();
  const placeOf = (context: CanvasRenderingContext2D, x: number, y: number): Point => {
    const { a, d, e, f } = context.getTransform();
    return { x: a * x + e, y: d * y + f };
  };
  window.__drawn = drawing;
  own.clearRect = function (...box) {
    window.__drawn = drawing;
    drawing = empty();
    clearRect.apply(this, box);
  };
  own.arc = function (x, y, radius, from, to) {
    drawing.dots.push({ ...placeOf(this, x, y), radius, colour: String(this.fillStyle) });
    arc.call(this, x, y, radius, from, to);
  };
  own.fillText = function (text, x, y) {
    drawing.texts.push({ ...placeOf(this, x, y), text });
    fillText.call(this, text, x, y);
  };
}

/** In the page: notes when the mark of a consumer comes, and when it goes; and the fewest lines. */
function watch(): void {
  window.__marks = [];
  const lines = (): number => document.querySelectorAll('.svelte-flow__edge').length;
  window.__lines = lines();
  new MutationObserver(() => (window.__lines = Math.min(window.__lines, lines())))
    .observe(document.querySelector('.flow')!, { childList: true, subtree: true });
  const node = document.querySelector('.svelte-flow__node[data-id="client:consumer-2"]')!;
  let before = false;
  new MutationObserver(() => {
    const isThere = node.querySelector('.again') !== null;
    if (isThere !== before) window.__marks.push(performance.now());
    before = isThere;
  }).observe(node, { childList: true, subtree: true });
}

describe.skipIf(!hasChromium())('the redelivery', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  let pg: PlaygroundPage;
  let held: TapOf<'message.delivered'>;
  let colour: string;

  /** What is drawn at this moment of virtual time, in a frame that began since. */
  const drawnAt = async (at: number): Promise<Drawn> => {
    await pg.advanceTo(at);
    await pg.page.evaluate(`new Promise((drawn) => {
      let frames = 0;
      const next = () => (++frames > 3 ? drawn() : requestAnimationFrame(next));
      next();
    })`);
    return pg.page.evaluate('window.__drawn');
  };

  const dotOf = ({ dots }: Drawn): Dot => {
    const own = dots.filter((dot) => dot.colour === colour && dot.radius > 4);
    expect(own.length, 'dots of the message').toBe(1);
    return own[0]!;
  };

  /** In the page: the ends of the line to a consumer, and how far from it a point is. */
  const lineTo = (consumer: string, { x, y }: Point) => pg.page.evaluate(([name, left, top]) => {
    const edge = document.querySelector(`.svelte-flow__edge[aria-label="deliver from tasks to ${name}"]`)!;
    const path = edge.querySelector<SVGPathElement>('.svelte-flow__edge-path')!;
    const origin = document.querySelector('.flow')!.getBoundingClientRect();
    const toScreen = path.getScreenCTM()!;
    const points = Array.from({ length: 401 }, (_, i) => {
      const { x, y } = path.getPointAtLength((path.getTotalLength() * i) / 400).matrixTransform(toScreen);
      return { x: x - origin.left, y: y - origin.top };
    });
    return {
      from: points[0]!, to: points.at(-1)!,
      away: Math.min(...points.map((point) => Math.hypot(point.x - Number(left), point.y - Number(top)))),
    };
  }, [consumer, x, y] as const);

  /** Colours of the pixels in the middle of a dot, and on its rim. */
  const pixelsOf = ({ x, y }: Dot): Promise<[inner: number[], rim: number[]]> => pg.page.evaluate(([left, top]) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.flow > canvas')!;
    const zoom = new DOMMatrix(getComputedStyle(document.querySelector('.svelte-flow__viewport')!).transform).a;
    const pixel = (across: number): number[] =>
      [...canvas.getContext('2d')!.getImageData(Math.round(left! + across * zoom), Math.round(top!), 1, 1).data];
    return [pixel(0), pixel(5.5)];
  }, [x, y]);

  const messageColours = (): Promise<string[]> => pg.page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d')!;
    const probe = document.body.appendChild(document.createElement('i'));
    const names = [1, 2, 3, 4, 5, 6].map((number) => {
      probe.style.color = `var(--message-${number})`;
      context.fillStyle = getComputedStyle(probe).color;
      return String(context.fillStyle);
    });
    probe.remove();
    return names;
  });

  const redness = (hex: string): number[] => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  const distance = (one: readonly number[], other: readonly number[]): number =>
    Math.hypot(...[0, 1, 2].map((i) => one[i]! - other[i]!));

  beforeAll(async () => {
    pg = await playground.open({ script: `(${keepDrawn})()` });
    for (let at = 500; at <= 2700; at += 100) await pg.advanceTo(at);
    held = (await pg.tap('message.delivered'))[0] as typeof held;
    colour = (await messageColours())[held.message % 6]!;
    await pg.page.evaluate(watch);
  });

  test('the message flies back along the line of the consumer that is gone, seen at ten instants', async () => {
    await pg.page.getByRole('button', { name: 'Kill consumer 1', exact: true }).click();
    await pg.page.getByLabel('consumer consumer-1').getByText('killed').waitFor();
    await pg.advanceTo(2701);
    const [requeued] = (await pg.tap('message.requeued')) as TapOf<'message.requeued'>[];
    expect(requeued).toMatchObject({ message: held.message, queue: 'tasks' });
    const seen: Dot[] = [];
    for (const part of INSTANTS) {
      const dot = dotOf(await drawnAt(Math.round(requeued!.at + part * HOP_MS)));
      const { from, to, away } = await lineTo('consumer-1', dot);
      expect(away, `beside the line at ${part}`).toBeLessThan(3);
      expect(dot.x).toBeGreaterThan(from.x - 1);
      expect(dot.x).toBeLessThan(to.x + 1);
      // Hollow: its rim has its colour, and its middle has not.
      const [inner, rim] = await pixelsOf(dot);
      expect(distance(rim, redness(colour))).toBeLessThan(90);
      expect(distance(inner, rim)).toBeGreaterThan(90);
      seen.push(dot);
    }
    const across = seen.map(({ x }) => x);
    expect(across).toEqual(across.toSorted((a, b) => b - a));
    const { from, to } = await lineTo('consumer-1', seen[0]!);
    expect(to.x - across[0]!).toBeLessThan((to.x - from.x) / 20);
    expect(across.at(-1)! - from.x).toBeLessThan((to.x - from.x) / 20);
    expect(await pg.page.evaluate(() => window.__lines), 'lines, none of which was gone for a moment').toBe(4);
  });

  test('it comes again in its colour, with a word beside it, and its consumer is marked for 3 s', async () => {
    const again = async () => ((await pg.tap('message.delivered')) as TapOf<'message.delivered'>[])
      .find(({ redelivered }) => redelivered);
    for (let at = 3300; await again() === undefined; at += 20) await pg.advanceTo(at);
    const delivered = (await again())!;
    expect(delivered.message).toBe(held.message);
    // What is told is drawn at once: after so long at full speed its flight has begun.
    for (const part of [0.4, 0.6, 0.8]) {
      const drawn = await drawnAt(Math.round(delivered.at + part * HOP_MS));
      const dot = dotOf(drawn);
      expect((await lineTo('consumer-2', dot)).away).toBeLessThan(3);
      const label = drawn.texts.find(({ text }) => text === 'redelivered');
      expect(Math.hypot(label!.x - dot.x, label!.y - dot.y), 'from the dot to its word').toBeLessThan(30);
    }
    await expect.poll(() => pg.page.evaluate('window.__marks.length'), { timeout: 60_000 }).toBe(2);
    const [came, went] = await pg.page.evaluate(() => window.__marks) as [number, number];
    expect(went - came).toBeGreaterThan(MARK_MS - 50);
    expect(await pg.page.evaluate(() => window.__lines), 'lines but for that of the dead consumer')
      .toBeGreaterThanOrEqual(3);
  });
});
