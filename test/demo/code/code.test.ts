/** The code of clients: edited, run, killed, and what came of it. */
import { describe, expect, test } from 'vitest';
import type { ClientView } from '../../../demo/port/client-host.ts';
import { hasChromium } from '../../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from '../playground.ts';

describe.skipIf(!hasChromium())('the code screen', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  /** The screen with the code of a client, at a time when all of them are connected. */
  async function openCode(client: string): Promise<PlaygroundPage> {
    const pg = await playground.open();
    await pg.advanceTo(1500);
    await show(pg, client);
    return pg;
  }

  async function show({ page }: PlaygroundPage, client: string): Promise<void> {
    await page.evaluate((hash) => (location.hash = hash), `/code?client=${client}`);
    await page.getByRole('textbox', { name: `Code of ${client}` }).waitFor();
  }

  async function viewOf(pg: PlaygroundPage, client: string): Promise<ClientView> {
    return (await pg.clients()).find(({ name }) => name === client)!;
  }

  /** Waits until the world has started the client anew. */
  async function restarted({ page }: PlaygroundPage, { name, run }: ClientView): Promise<void> {
    await page.evaluate(([client, before]) => new Promise<void>((resolve) => {
      window.__playground.app.port.clients!.clients$.subscribe((clients) => {
        if (clients.some((each) => each.name === client && each.run !== before)) resolve();
      });
    }), [name, run] as const);
  }

  const editor = (pg: PlaygroundPage, client: string) => pg.page.getByRole('textbox', { name: `Code of ${client}` });

  /** Writes code into the editor of a client, and runs it with the keyboard. */
  async function run(pg: PlaygroundPage, client: string, code: string): Promise<void> {
    const old = await viewOf(pg, client);
    await editor(pg, client).fill(code);
    await pg.page.keyboard.press('Control+Enter');
    await restarted(pg, old);
  }

  test('an edit starts that client anew, and no other', async () => {
    const pg = await openCode('consumer-1');
    const before = await pg.clients();
    const old = before.find(({ name }) => name === 'consumer-1')!;
    await editor(pg, 'consumer-1').fill(old.code.replace('working on', 'thinking about'));
    await pg.page.getByRole('tab', { name: 'consumer-1' }).getByText('*').waitFor();
    await pg.page.getByRole('button', { name: 'Run', exact: true }).click();
    await restarted(pg, old);
    await pg.advanceTo(7000);
    const after = await viewOf(pg, 'consumer-1');
    expect(after.code).toContain('thinking about');
    expect(after.connections).toHaveLength(1);
    expect(after.connections).not.toEqual(old.connections);
    for (const name of ['producer', 'consumer-2']) {
      expect(await viewOf(pg, name)).toEqual(before.find((each) => each.name === name));
    }
    await pg.page.getByRole('log').getByText(/thinking about task/).first().waitFor();
    await expect.poll(() => pg.page.getByRole('button', { name: 'Restart', exact: true }).isEnabled()).toBe(true);
  });

  test('Ctrl and Enter runs it; a name of a type costs nothing', async () => {
    const pg = await openCode('consumer-2');
    await run(pg, 'consumer-2', 'const text: string = `typed`;\nconsole.log(text satisfies string);');
    await pg.advanceTo(1600);
    await pg.page.getByRole('log').getByText('typed').waitFor();
  });

  test('an error is marked on its line, until that is changed', async () => {
    const pg = await openCode('consumer-1');
    await run(pg, 'consumer-1', 'const a = 1;\nconst = 2;\n');
    await pg.page.getByRole('alert').getByText('SyntaxError: Unexpected token, on line 2').waitFor();
    await expect.poll(() => pg.page.locator('.cm-wrong').allTextContents()).toEqual(['const = 2;']);
    await pg.page.locator('.cm-content').press('Control+Home');
    await pg.page.keyboard.type('//');
    await pg.page.locator('.cm-wrong').waitFor({ state: 'detached' });
  });

  test('what the broker closed leads to the frame that made it do so', async () => {
    const pg = await openCode('consumer-1');
    const old = await viewOf(pg, 'consumer-1');
    await editor(pg, 'consumer-1').fill(old.code.replace("'tasks'", "'nothing'"));
    await pg.page.getByRole('button', { name: 'Run', exact: true }).click();
    await restarted(pg, old);
    await pg.advanceTo(2000);
    await pg.page.getByText("The broker closed channel 1: NOT_FOUND - no queue 'nothing' in vhost '/'").waitFor();
    const [closed] = (await pg.tap('channel.closed')).slice(-1);
    const link = pg.page.getByRole('link', { name: 'Show the frame' });
    await expect.poll(() => link.getAttribute('href')).toBe(`#/wire?frame=${closed!.frame}`);
    await link.click();
    await pg.page.getByText(/basic\.consume/).first().waitFor();
  });

  test('times three is two more of it', async () => {
    const pg = await openCode('consumer-1');
    await pg.page.getByRole('button', { name: '×3' }).click();
    await pg.page.getByRole('tab', { name: 'consumer-4' }).waitFor();
    await pg.advanceTo(6000);
    const consumers = (await pg.clients()).filter(({ name }) => name.startsWith('consumer'));
    expect(consumers.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'consumer-1 running', 'consumer-2 running', 'consumer-3 running', 'consumer-4 running',
    ]);
    expect(new Set(consumers.flatMap(({ connections }) => connections)).size).toBe(4);
  });

  test('an endless loop is told and killed, and the page answers meanwhile', async () => {
    const pg = await openCode('consumer-1');
    await run(pg, 'consumer-1', 'while (true) {}');
    const advanced = pg.advanceTo(3000);
    await pg.page.getByRole('toolbar').getByText('busy').waitFor();
    await pg.page.getByRole('button', { name: 'Kill', exact: true }).click();
    await pg.page.getByRole('toolbar').getByText('killed').waitFor();
    await advanced;
    expect((await viewOf(pg, 'producer')).status).toBe('running');
  });

  test.each(['amqp-client.js', 'TabMQ (RxJS)', 'Raw frames'])('the example for %s runs', async (library) => {
    const pg = await openCode('producer');
    await pg.page.getByRole('combobox', { name: 'Add a client' }).selectOption({ label: library });
    await editor(pg, 'client-1').waitFor();
    for (const consumer of ['consumer-1', 'consumer-2']) await pg.kill(consumer);
    await pg.advanceTo(6000);
    expect(await viewOf(pg, 'client-1')).toMatchObject({ status: 'running', error: '' });
    const lines = (await pg.logs()).filter(({ client }) => client === 'client-1').map(({ text }) => text);
    expect(lines.join('\n')).toMatch(library === 'Raw frames' ? /basic\.get-ok/ : /received task \d/);
  });

  test('another library brings its example, which can be undone', async () => {
    const pg = await openCode('consumer-1');
    const { code } = await viewOf(pg, 'consumer-1');
    await pg.page.getByRole('combobox', { name: 'Library' }).selectOption({ label: 'Raw frames' });
    await pg.page.getByText('Nothing between you and the broker').waitFor();
    await editor(pg, 'consumer-1').press('Control+z');
    await pg.page.getByText('working on').first().waitFor();
    expect((await viewOf(pg, 'consumer-1')).code).toBe(code);
  });

  test('Tab indents, and leaves the editor behind Escape', async () => {
    const pg = await openCode('consumer-1');
    const text = editor(pg, 'consumer-1');
    await text.fill('one');
    await text.press('Tab');
    expect(await text.evaluate((element) => element === document.activeElement)).toBe(true);
    await text.press('Escape');
    await text.press('Tab');
    expect(await text.evaluate((element) => element === document.activeElement)).toBe(false);
  });

  test('it is edited beside the picture as well, with the same draft', async () => {
    const pg = await playground.open();
    await pg.advanceTo(1500);
    const old = await viewOf(pg, 'producer');
    await pg.page.getByRole('button', { name: 'Edit', exact: true }).click();
    await editor(pg, 'producer').fill('console.log(`beside`);');
    await show(pg, 'producer');
    await pg.page.getByText('console.log(`beside`);').waitFor();
    await pg.page.getByRole('button', { name: 'Run', exact: true }).click();
    await restarted(pg, old);
    await pg.advanceTo(1600);
    await pg.page.getByRole('log').getByText('beside', { exact: true }).waitFor();
  });

  const messages = [{ n: 1, headers: { retry: 1 } }, { n: 2 }, { n: 3, headers: { retry: 4 } }];

  const predicates: readonly (readonly [string, unknown])[] = [
    ['m => m.headers.retry > 2', {
      matches: [false, false, true], failures: 1,
      failure: "TypeError: Cannot read properties of undefined (reading 'retry')",
    }],
    ['(m) => { return m.n < 3; } // two', { matches: [true, true, false], failures: 0, failure: '' }],
    ['42', 'It is no function: write one such as m => m.headers.retry > 2.'],
    ['m => m.n ===', "SyntaxError: Unexpected token ')'"],
    ['m => { while (true); }', 'It has not answered within 0.2 s: does it loop?'],
    ["m => fetch('/')", {
      matches: [false, false, false], failures: 3,
      failure: 'TypeError: it answers a promise, which is neither true nor false',
    }],
  ];

  test('a predicate is tried on messages, and ends', async () => {
    const { page } = await playground.open();
    for (const [code, outcome] of predicates) {
      // Only what never answers runs into its limit, however busy the machine is.
      const limit = code.includes('while') ? 200 : 60_000;
      const result = await page.evaluate(
        `window.__playground.runPredicate(${JSON.stringify(code)}, ${JSON.stringify(messages)}, ${limit})
          .catch((error) => error.message)`,
      );
      expect.soft(result, code).toEqual(outcome);
    }
  });

  test('each Observable of a client that is written with RxJS is a line of marbles', async () => {
    const pg = await playground.open({ route: '/s/topics?seed=1&paused=1' });
    const { page } = pg;
    await pg.advanceTo(300);
    await page.getByRole('button', { name: 'Open the zoo' }).click();
    await pg.advanceTo(3500);
    await page.getByRole('link', { name: 'Code' }).click();
    const marbles = page.getByRole('region', { name: 'Marbles of painter' });
    await marbles.getByRole('listitem', { name: 'Line 4, connect: 1 values' }).waitFor();
    await marbles.getByRole('listitem', { name: /^Line 6, switchMap: \d+ values$/ }).waitFor();
    await page.getByRole('button', { name: 'Restart' }).click();
    await pg.advanceTo(3600);
    // Those of the run before are gone.
    await marbles.getByRole('listitem', { name: /^Line 6, switchMap/ }).waitFor({ state: 'detached' });
  });
});
