/** A scenario in a page: the broker in its worker, each client in a Worker of the sandbox, on virtual time. */
import type { CodeChange, Scenario, ScenarioRun } from '../../../demo/scenarios/format.ts';
import type { PlaygroundPage } from '../playground.ts';
import { changed } from './folders.ts';

/** Virtual time within which everything happens that a lesson waits for. */
const WAIT_MS_MAX = 60_000;

export class PageRun implements ScenarioRun {
  readonly #scenario: Scenario;
  readonly #pg: PlaygroundPage;
  /** Lines of each client that were asked for. */
  readonly #read = new Map<string, number>();

  constructor(scenario: Scenario, pg: PlaygroundPage) {
    this.#scenario = scenario;
    this.#pg = pg;
  }

  /** Opens it in place of what the page has open; time stands still. */
  async begin(): Promise<void> {
    await this.#pg.page.evaluate((name) => window.__playground.open(name, { paused: true }), this.#scenario.name);
    await this.#settle();
  }

  async said(client: string, text: string): Promise<string> {
    const from = this.#read.get(client) ?? 0;
    const parameters = { client, text, from, forMs: WAIT_MS_MAX };
    const { index, lines } = await this.#pg.page.evaluate(async ({ client, text, from, forMs }) => {
      const playground = window.__playground;
      const limit = (await playground.clock()).now + forMs;
      for (;;) {
        const lines = (await playground.logs()).flatMap((line) => (line.client === client ? [line.text] : []));
        const index = lines.findIndex((line, i) => i >= from && line.includes(text));
        const isOver = (await playground.clock()).now > limit;
        if (index >= 0 || isOver || !await playground.nextTimer()) return { index, lines };
      }
    }, parameters);
    if (index < 0) {
      throw new Error(`${this.#scenario.name}: ${client} did not say '${text}'\n${lines.slice(-20).join('\n')}`);
    }
    this.#read.set(client, index + 1);
    return lines[index]!;
  }

  async start(name: string, change?: CodeChange): Promise<void> {
    const { code, library } = this.#scenario.clients.find((client) => client.name === name)!;
    await this.#pg.page.evaluate((spec) => window.__playground.app.port.clients!.start(spec), {
      name, library, code: changed(code, change),
    });
    await this.#settle();
  }

  async kill(client: string): Promise<void> {
    await this.#pg.kill(client);
    await this.#settle();
  }

  /** Lets all happen that happens at this moment of virtual time. */
  async #settle(): Promise<void> {
    await this.#pg.advanceTo(await this.#pg.now());
  }
}
