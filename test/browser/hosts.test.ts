/** Brokers in a page, a worker, a shared worker and an elected tab, as their users see them. */
import type { Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { crash, useHostsSite } from './hosts-site.ts';

describe.runIf(hasChromium())('a broker', () => {
  const site = useHostsSite();

  const places = ['here', 'worker', 'shared-worker', 'elected-worker'];
  test.each(places)('%s serves an unmodified client, and our own', async (place) => {
    const tab = await site.openWith({ place });
    expect(await tab.call('bothClients', 200)).toEqual({ cloudamqp: 200, tabmq: 200 });
  });

  test.each(['worker', 'shared-worker'])('serves clients that run in a %s', async (place) => {
    const tab = await site.openWith({});
    expect(await tab.call('bothClientsInWorker', place, 200)).toEqual({ cloudamqp: 200, tabmq: 200 });
  });

  test('runs in an elected worker where there is no SharedWorker', async () => {
    const tab = await site.open();
    await tab.call('remove', 'SharedWorker');
    expect(await tab.call('open')).toBe('elected-worker');
  });

  const shared = ['shared-worker', 'elected-worker'];
  describe.each(shared)('%s', (place) => {
    test('is one for all tabs', async () => {
      const [first, second] = [await site.openWith({ place }), await site.openWith({ place })];
      await first.call('declare', 'tasks');
      expect(await second.call('publish', 'tasks', 'hello')).toBe('confirmed');
      expect(await first.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: false });
      expect(await second.call('bothClients', 20)).toEqual({ cloudamqp: 20, tabmq: 20 });
    });

    test('takes back what a tab held that was closed', async () => {
      const [first, second] = [await site.openWith({ place }), await site.openWith({ place })];
      await first.call('declare', 'tasks');
      await first.call('publish', 'tasks', 'hello');
      expect(await second.call('hold', 'tasks')).toBe('hello');
      await second.page.close();
      expect(await first.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: true });
    });

    test('takes back what a tab held that crashed', async () => {
      const [first, second] = [await site.openWith({ place }), await site.openWith({ place })];
      await first.call('declare', 'tasks');
      await first.call('publish', 'tasks', 'hello');
      expect(await second.call('hold', 'tasks')).toBe('hello');
      await crash(second);
      expect(await first.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: true });
    });

    test('takes back what a tab held that was frozen, and lets it come again', async () => {
      const [first, second] = [await site.openWith({ place }), await site.openWith({ place })];
      await first.call('declare', 'tasks');
      await first.call('publish', 'tasks', 'hello');
      await second.call('watchEnd');
      expect(await second.call('hold', 'tasks')).toBe('hello');
      // Chromium freezes only tabs that nobody sees, and without a screen it shows all of them.
      await second.page.evaluate("document.dispatchEvent(new Event('freeze'))");
      expect(await first.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: true });
      expect(await second.call('end')).toMatch(/lost|closed/);
      expect(await second.call('publish', 'tasks', 'again')).toBe('confirmed');
    });
  });

  test('in a shared worker lives while any tab lives', async () => {
    const first = await site.openWith({});
    await first.call('declare', 'tasks');
    await first.call('publish', 'tasks', 'hello');
    const second = await site.openWith({});
    await first.page.close();
    expect(await second.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: false });
  });

  test('in a shared worker is started again by the tabs that are left, when it crashed with one of them', async () => {
    const [first, second] = [await site.openWith({}), await site.openWith({})];
    await second.call('declare', 'tasks');
    expect(await second.call('publish', 'tasks', 'hello')).toBe('confirmed');
    // The process of the first tab is that of the shared worker.
    await crash(first);
    expect(await second.call('next', 'tasks')).toMatchObject({ text: 'hello' });
  });

  test('is taken over by another tab when the elected one is gone', async () => {
    const first = await site.openWith({ place: 'elected-worker' });
    const second = await site.openWith({ place: 'elected-worker' });
    await second.call('declare', 'tasks');
    await second.call('watchEnd');
    await second.call('publish', 'tasks', 'held');
    await second.call('hold', 'tasks');
    await first.page.close();
    expect(await second.call('end')).toMatch(/lost|closed/);
    await second.call('declare', 'tasks');
    expect(await second.call('publish', 'tasks', 'hello')).toBe('confirmed');
  });

  test('of an elected tab that is reloaded leaves no socket of the others without an end', async () => {
    const first = await site.openWith({ place: 'elected-worker', storage: 'memory' });
    const others = [];
    for (let index = 0; index < 2; index++) {
      others.push(await site.openWith({ place: 'elected-worker', storage: 'memory' }));
    }
    for (const other of others) await other.call('keepSockets', 5);
    const [second, third] = others;
    for (const leader of [first, second!]) {
      const left = others.filter((other) => other !== leader);
      const reopened = left.map((other) => other.call('allReopened'));
      await leader.page.reload();
      await Promise.all(reopened);
    }
    await third!.call('declare', 'tasks');
    expect(await third!.call('publish', 'tasks', 'hello')).toBe('confirmed');
  });

  test('in an elected worker serves others while the thread of its own tab stands still', async () => {
    const [leader, follower] = [
      await site.openWith({ place: 'elected-worker' }), await site.openWith({ place: 'elected-worker' }),
    ];
    const standing = new Promise<Route>((resolve) => void leader.page.route('**/stand-still', resolve));
    const moving = leader.call('standStill');
    const held = await standing;
    expect(await follower.call('bothClients', 50)).toEqual({ cloudamqp: 50, tabmq: 50 });
    await follower.call('declare', 'tasks');
    expect(await follower.call('publish', 'tasks', 'hello')).toBe('confirmed');
    await held.fulfill({ body: '' });
    await moving;
    expect(await leader.call('next', 'tasks')).toEqual({ text: 'hello', redelivered: false });
  });

  const ending = ['worker', 'shared-worker'];
  test.each(ending)('whose %s ends by itself tells all that it had, and begins anew', async (place) => {
    const tab = await site.open();
    expect(await tab.call('openEnding', place)).toBe(place);
    await tab.call('keepSockets', 3);
    await tab.call('declare', 'tasks');
    await tab.call('watchEnd');
    await tab.call('publish', 'tasks', 'hello');
    await tab.call('hold', 'tasks');
    const reopened = tab.call('allReopened');
    expect(await tab.call('endWorker')).toBe('close');
    expect(await tab.call('end')).toMatch(/lost|gone/);
    await reopened;
    expect(await tab.call('declare', 'tasks')).toMatchObject({ messageCount: 0 });
    const ended = tab.call('endWorker');
    await tab.call('close');
    expect(await ended).toBe('close');
  });

  test('is controlled by a port, where its host has that, and is gone once it was closed', async () => {
    const tab = await site.openWith({});
    expect(await tab.call('control')).toEqual({
      connections: 1, dialAfterClose: expect.stringMatching(/lost|gone/),
    });
  });

  test('says why it cannot be had', async () => {
    const tab = await site.open();
    expect(await tab.call('open', { place: 'cloud' })).toMatch(/^TabBrokerError: .* not in 'cloud'/);
    expect(await tab.call('open', { name: '' })).toMatch(/^TabBrokerError: The name of a broker is a text/);
    await tab.call('remove', 'SharedWorker');
    expect(await tab.call('open', { place: 'shared-worker' })).toContain('There is no SharedWorker here');
    await tab.page.route('**/broker-worker.js', (route) => route.fulfill({ status: 404 }));
    expect(await tab.call('open', { place: 'worker' })).toContain('The script of the worker could not be loaded');
  });
});
