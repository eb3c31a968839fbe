/** Storage that is full, denied or not there, and browsers that lack what others have: told, and gone on without. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { hasChromium, launchProfile } from '../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from './playground.ts';

const PATIENCE = { timeout: 60_000 };

/** In the worker: what writes to a disk fails as the page says, over a channel of its own. */
const faultyDisk = (atFirst = ''): string => `{
  let fault = ${JSON.stringify(atFirst)};
  const faults = new BroadcastChannel('faults');
  faults.onmessage = ({ data }) => {
    if (data.fault === undefined) return;
    fault = data.fault;
    faults.postMessage('heard');
  };
  const guard = (owner, name, writes) => {
    const original = owner?.prototype[name];
    if (original === undefined) return;
    owner.prototype[name] = function (...parameters) {
      if (fault !== '' && writes(...parameters)) throw new DOMException('as the test says', fault);
      return original.apply(this, parameters);
    };
  };
  guard(globalThis.IDBDatabase, 'transaction', (_stores, mode) => mode === 'readwrite');
  guard(globalThis.FileSystemSyncAccessHandle, 'write', () => true);
}
`;

async function setFault({ page }: PlaygroundPage, fault: string): Promise<void> {
  await page.evaluate(async (fault) => {
    const faults = new BroadcastChannel('faults');
    const heard = new Promise((resolve) => (faults.onmessage = resolve));
    faults.postMessage({ fault });
    await heard;
    faults.close();
  }, fault);
}

const durableClient = `
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
const channel = await (await new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest').connect()).channel();
await channel.queueDeclare('kept', { durable: true });
await channel.confirmSelect();
console.log('declared');
setTimeout(async function publish() {
  try {
    await channel.basicPublish('', 'kept', 'kept?', { deliveryMode: 2 });
    console.log('confirmed');
  } catch (error) {
    console.log('not confirmed', error.message);
    setTimeout(publish, 1000);
  }
}, 1000);
`;

describe.skipIf(!hasChromium())('the playground', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  const { worker } = playground;
  afterEach(() => {
    worker.before = '';
    worker.missing = false;
  });

  const noticeIn = ({ page }: PlaygroundPage, text: RegExp) => page.getByRole('alert').filter({ hasText: text });
  const logged = (pg: PlaygroundPage, text: string): Promise<boolean> =>
    pg.logs().then((logs) => logs.some((line) => line.client === 'durable' && line.text === text));
  const startDurable = (pg: PlaygroundPage): Promise<void> => pg.page.evaluate((code) => {
    const { clients } = window.__playground.app.port;
    return clients!.start({ name: 'durable', code, library: '@cloudamqp/amqp-client' });
  }, durableClient);
  /** The first lesson runs on: the consumers are sent what the producer sends. */
  const expectAlive = async (pg: PlaygroundPage): Promise<void> => {
    const later = await pg.now() + 3000;
    await pg.advanceTo(later);
    const delivered = await pg.tap('message.delivered');
    expect(delivered.some(({ at }) => at > later - 3000)).toBe(true);
    await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
  };
  const menuText = async ({ page }: { page: Page }): Promise<string> => {
    await page.getByRole('button', { name: 'the broker and what it keeps' }).click();
    return (await page.getByRole('region', { name: 'The broker and what it keeps' }).textContent())!;
  };

  const places = [
    ['in a SharedWorker, on IndexedDB', ''],
    ['in an elected tab, on OPFS', 'delete globalThis.SharedWorker;'],
  ] as const;
  describe.each(places)('%s', (_where, script) => {
    test('says that there is no space left, holds who publishes, and goes on once there is', async () => {
      worker.before = faultyDisk();
      const pg = await playground.open({ script });
      // It does not expect to be blocked.
      await pg.kill('producer');
      await startDurable(pg);
      await pg.advanceTo(500);
      expect(await logged(pg, 'declared')).toBe(true);
      await setFault(pg, 'QuotaExceededError');
      await pg.advanceTo(2500);
      await noticeIn(pg, /^⚠ Durable data wait for space, and so does who publishes: .*as the test says/).waitFor();
      const blocked = pg.page.locator('.svelte-flow__node[data-id="client:durable"]').getByText('connection.blocked');
      await blocked.waitFor();
      expect(await blocked.evaluate((each) => getComputedStyle(each).color)).toBe('rgb(180, 35, 24)');
      // Whoever reads the page and moves its time is answered all the while.
      expect(await logged(pg, 'confirmed')).toBe(false);
      expect(await pg.now()).toBe(2500);
      await setFault(pg, '');
      await noticeIn(pg, /Durable data wait/).waitFor({ state: 'detached' });
      await blocked.waitFor({ state: 'detached' });
      await pg.advanceTo(6000);
      expect(await logged(pg, 'confirmed')).toBe(true);
      // It was refused, and published once more; the first may well be there too.
      await pg.page.getByLabel(/^queue kept, [12] ready/).first().waitFor();
    });

    test('says that the disk failed, and a restart of the broker brings back what is durable', async () => {
      worker.before = faultyDisk();
      const pg = await playground.open({ script });
      await startDurable(pg);
      await pg.advanceTo(500);
      await setFault(pg, 'UnknownError');
      await pg.advanceTo(2500);
      await noticeIn(pg, /Nothing is made durable any more, and nobody may publish: .*as the test says/).waitFor();
      await setFault(pg, '');
      await pg.page.getByRole('button', { name: 'the broker and what it keeps' }).click();
      await pg.page.getByRole('button', { name: 'Restart the broker' }).click();
      await noticeIn(pg, /durable/).waitFor({ state: 'detached' });
      await expectAlive(pg);
      const queue = await pg.page.evaluate(() => window.__playground.app.port.api('/api/queues/%2F/kept'));
      expect(queue.status).toBe(200);
    });

    test('that has no space from the beginning goes on in memory, and keeps again once there is', async () => {
      worker.before = faultyDisk('QuotaExceededError');
      const pg = await playground.open({ script });
      await noticeIn(pg, /Nothing is kept over a reload: this site has no more space\./).waitFor();
      await expectAlive(pg);
      await setFault(pg, '');
      expect(await menuText(pg)).toContain('In memory only');
      await pg.page.getByRole('button', { name: 'Forget everything' }).click();
      await noticeIn(pg, /Nothing is kept/).waitFor({ state: 'detached' });
      expect(await menuText(pg)).toMatch(/In (files|a database) of this browser/);
    });
  });

  test('whose browser stores nothing for any site says so, and goes on in memory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tabmq-profile-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'Default'));
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify(settings));
    const profile = await launchProfile(folder);
    onTestFinished(() => profile.close());
    const page = await profile.newPage();
    await page.goto(`${playground.url()}#/s/work-queue?seed=1&paused=1`);
    const denied = await page.evaluate(() => {
      try {
        return localStorage.length;
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(denied).toBe('SecurityError');
    await page.waitForSelector('[data-ready]', PATIENCE);
    const pg = new PlaygroundPage(page, []);
    await noticeIn(pg, /Nothing is kept over a reload: this browser does not let this site store anything\./).waitFor();
    await expectAlive(pg);
    const menu = await menuText(pg);
    expect(menu).toContain('A broker of this tab alone.');
    expect(menu).toContain('In memory only');
    // A notice that was read gives its place back.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Hide this notice' }).click();
    await noticeIn(pg, /Nothing is kept/).waitFor({ state: 'detached' });
  });

  const withoutShared = 'delete globalThis.SharedWorker;';
  test.each([
    {
      what: 'no SharedWorker', page: withoutShared, inWorker: '',
      menu: [/This browser has no SharedWorker, so it runs in one of them\./, /In files of this browser/],
    },
    {
      what: 'neither SharedWorker nor OPFS', page: withoutShared,
      inWorker: `delete FileSystemFileHandle.prototype.createSyncAccessHandle;
        delete StorageManager.prototype.getDirectory;`,
      menu: [/In a database of this browser:[^]*survive a reload/],
    },
    {
      what: 'an OPFS that is denied', page: withoutShared,
      inWorker: `StorageManager.prototype.getDirectory = () =>
        Promise.reject(new DOMException('no', 'SecurityError'));`,
      notice: /Nothing is kept over a reload: this browser does not let this site store anything\./,
      menu: [/In memory only/],
    },
    {
      what: 'neither OPFS nor IndexedDB', page: '',
      inWorker: 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });',
      notice: /Nothing is kept over a reload: this browser has neither IndexedDB nor files for a site \(OPFS\)\./,
      menu: [/In memory only/],
    },
    {
      what: 'no Web Locks and no SharedWorker',
      page: `${withoutShared} delete Navigator.prototype.locks;`, inWorker: 'delete WorkerNavigator.prototype.locks;',
      notice: /Nothing is kept over a reload: there are no Web Locks here/,
      menu: [/A broker of this tab alone\./, /In memory only/],
    },
    {
      what: 'no BroadcastChannel and no SharedWorker', page: `${withoutShared} delete globalThis.BroadcastChannel;`,
      inWorker: '', menu: [/A broker of this tab alone\./, /In files of this browser/],
    },
  ])('says what it does where there is $what', async ({ page, inWorker, notice, menu }) => {
    worker.before = `${inWorker}\n`;
    const pg = await playground.open({ script: page });
    if (notice === undefined) expect(await pg.page.getByRole('alert').count()).toBe(0);
    else await noticeIn(pg, notice).waitFor();
    await expectAlive(pg);
    const text = await menuText(pg);
    for (const words of menu) expect(text).toMatch(words);
  });

  test.each(['', withoutShared])('says that its worker could not be loaded: %s', async (script) => {
    worker.missing = true;
    const page = await (await playground.context()).newPage();
    await page.addInitScript(script);
    await page.goto(playground.url());
    await page.getByText(/script (of the broker )?could not be loaded\. .*oad the page again\./).waitFor();
  });

  test('says that the broker met with a fault of its own, and goes on when it is told to', async () => {
    worker.before = `{
      const { postMessage } = MessagePort.prototype;
      let turns = 0;
      MessagePort.prototype.postMessage = function (message, ...rest) {
        // The third is the first of the second consumer: the others go on without it.
        if (message?.type === 'turn' && ++turns === 3) throw new Error('as the test says');
        postMessage.call(this, message, ...rest);
      };
    }\n`;
    const pg = await playground.open();
    // Paused at its beginning: only who moves time meets with it.
    await pg.advanceTo(1000);
    const fault = /^⚠ At 00:00\.000 the broker met with a fault of its own, which stopped time: as the test says\. /;
    await noticeIn(pg, fault).waitFor();
    await expectAlive(pg);
  });

  test('says that there is no space for the code of the clients', async () => {
    const pg = await playground.open({ script: `
      let full = true;
      Storage.prototype.setItem = () => { if (full) throw new DOMException('full', 'QuotaExceededError'); };
      window.makeSpace = () => (full = false);` });
    await noticeIn(pg, /This site has no more space for the code of the clients/).waitFor();
    await expectAlive(pg);
    await pg.page.evaluate('window.makeSpace()');
    await pg.advanceTo(await pg.now() + 1000);
    await noticeIn(pg, /no more space/).waitFor({ state: 'detached' });
  });

  test.each(['{', 'null', '[]', '{"clients": 7}', '{"clients": [], "scenario": {"coach": "x"}}'])(
    'begins with the first lesson where its notes are %s', async (notes) => {
      const pg = await playground.open({
        route: '/', script: `if (top === self) localStorage.setItem('playground.notes', ${JSON.stringify(notes)})`,
      });
      await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
    },
  );
});
