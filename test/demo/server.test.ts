/** The page that a gateway serves shows the broker that serves it. */
import { connect } from 'amqplib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startGateway, type Gateway } from '../../node/index.ts';
import { Playground } from '../../node/playground.ts';
import { hasChromium, launchChromium } from '../browser/chromium.ts';
import { faultsOn } from './axe.ts';

describe.skipIf(!hasChromium())('the page of a gateway', { timeout: 120_000 }, () => {
  let gateway: Gateway;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const urlOf = (hash: string): string => `http://127.0.0.1:${gateway.ports.http}/${hash}`;
  const open = async (hash: string): Promise<void> => {
    await page.evaluate((to) => (location.hash = to), hash);
  };
  const logIn = async (user: string, password: string): Promise<void> => {
    await page.getByLabel('User', { exact: true }).fill(user);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  };
  const row = (text: string) => page.getByRole('row').filter({ hasText: text });

  beforeAll(async () => {
    const playground = Playground.installed();
    gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, playground });
    browser = await launchChromium();
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    const connection = await connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('orders');
    channel.sendToQueue('orders', Buffer.from('{"id":1}'), { headers: { tries: 2 } });
    await channel.waitForConfirms();
    await channel.consume('orders', () => {}, { consumerTag: 'reader' });
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  test('asks who is there, and then shows what was asked for', async () => {
    await page.goto(urlOf('#/objects/exchanges'));
    await logIn('guest', 'wrong');
    await page.getByRole('alert').filter({ hasText: 'Name or password is wrong' }).waitFor();
    await logIn('guest', 'guest');
    await row('amq.topic').waitFor();
    await page.getByText('This is the broker of 127.0.0.1').waitFor();
    // Whoever was let in stays so when the page is loaded again.
    await page.reload();
    await row('amq.topic').waitFor();
  });

  test('counts what there is', async () => {
    await open('#/overview');
    await page.getByRole('listitem').filter({ hasText: 'Unacked' }).filter({ hasText: '1' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Connections' }).filter({ hasText: '1' }).waitFor();
    await page.getByRole('row').filter({ hasText: `127.0.0.1:${gateway.ports.amqp}` }).waitFor();
  });

  test('lists queues, and declares, pauses and deletes them', async () => {
    await open('#/objects/queues');
    await row('orders').waitFor();
    await page.getByRole('button', { name: 'Declare a queue' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('bills');
    await dialog.getByLabel('Arguments').fill('{ "x-max-length": "many" }');
    await dialog.getByRole('button', { name: 'Declare a queue' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'x-max-length' }).waitFor();
    await dialog.getByLabel('Arguments').fill('{ "x-max-length": 10 }');
    await dialog.getByRole('button', { name: 'Declare a queue' }).click();
    await row('bills').waitFor();
    await page.getByLabel('Search in Queues').fill('bil');
    await row('orders').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Pause bills' }).click();
    await row('bills').filter({ hasText: 'paused' }).waitFor();
    await page.getByRole('button', { name: 'Resume bills' }).click();
    await row('bills').filter({ hasText: 'running' }).waitFor();
    page.once('dialog', (asked) => void asked.accept());
    await page.getByRole('button', { name: 'Delete bills' }).click();
    await row('bills').waitFor({ state: 'detached' });
  });

  test('shows the messages of a queue, and who holds them', async () => {
    await open('#/queues?q=orders&vhost=%2F&state=unacked');
    await page.getByText('{"id":1}').waitFor();
    await page.getByText('tries=2').waitFor();
  });

  test('publishes, and tells when no queue took it', async () => {
    await open('#/objects/exchanges');
    await page.getByRole('button', { name: 'Publish amq.direct' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Routing key').fill('nowhere');
    await dialog.getByRole('button', { name: 'Publish to amq.direct' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'No queue took it' }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('row').filter({ hasText: '(default)' }).getByRole('button', { name: 'Publish' }).click();
    await dialog.getByLabel('Name of the queue').fill('orders');
    await dialog.getByLabel('Body').fill('by hand');
    await dialog.getByRole('button', { name: 'Publish to a queue' }).click();
    await dialog.waitFor({ state: 'detached' });
    await open('#/queues?q=orders&vhost=%2F&state=unacked');
    await page.getByText('by hand').waitFor();
  });

  test('cancels a consumer', async () => {
    await open('#/objects/consumers');
    page.once('dialog', (asked) => void asked.accept());
    await page.getByRole('button', { name: 'Cancel reader' }).click();
    await page.getByText('Nobody consumes.').waitFor();
  });

  test('makes a user, who sees no more than the server lets him', async () => {
    await open('#/admin/users');
    await page.getByRole('button', { name: 'Add or change a user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('anna');
    await dialog.getByLabel('Password').fill('secret');
    await dialog.getByLabel('Tags').fill('management');
    await dialog.getByRole('button', { name: 'Add or change a user' }).click();
    await row('anna').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await logIn('anna', 'secret');
    await page.getByText('This is the broker of 127.0.0.1').waitFor();
    const screens = page.getByRole('navigation', { name: 'Screens' }).getByRole('link');
    expect(await screens.allInnerTexts()).toEqual([
      'Overview', 'Canvas', 'Objects', 'Queues', 'Connections', 'Definitions',
    ]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await logIn('guest', 'guest');
  });

  test('sets a policy, and shows the log', async () => {
    await open('#/admin/policies');
    await page.getByRole('button', { name: 'Set a policy' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('short');
    await dialog.getByLabel('Pattern').fill('^orders$');
    await dialog.getByRole('button', { name: 'Set a policy' }).click();
    await row('max-length=10000').waitFor();
    await open('#/objects/queues');
    await row('orders').filter({ hasText: 'short' }).waitFor();
    await open('#/log');
    await page.getByText('Lines are shown as they are written').waitFor();
  });

  test.each(['light', 'dark'] as const)('is accessible, %s and narrow as well', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    onTestFinished(() => page.setViewportSize({ width: 1280, height: 800 }));
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const screen of ['overview', 'objects/queues', 'admin/permissions', 'log']) {
        await open(`#/${screen}`);
        await page.locator(`nav a[href="#/${screen.split('/')[0]!}"][aria-current]`).waitFor();
        expect(await faultsOn(page), `${screen} at ${width}`).toEqual([]);
      }
    }
  });

  test('has a broker in the tab beside it', async () => {
    await page.getByRole('link', { name: 'This tab' }).click();
    await page.getByText('This broker lives in this tab').waitFor();
    await page.waitForSelector('[data-ready]');
    expect(new URL(page.url()).search).toBe('?tab');
    await page.getByRole('link', { name: 'This server' }).click();
    await page.getByText('This is the broker of 127.0.0.1').waitFor();
    expect(complaints).toEqual([]);
  });
});
