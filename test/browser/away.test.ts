// SPDX-License-Identifier: Apache-2.0
import type { Browser } from 'playwright-core';
import { accessibilityFaults, openBrowser, openPage, signIn } from './support/browser';
import { patientOf, startProduct, type Product } from './support/product';

let product: Product;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct(true), openBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await product.dispose();
});

it('goes on reading while the server is away, keeps a draft, says why nothing is saved, and saves when it is back', async () => {
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl);
  // As for somebody who loses the server in the first seconds, before the page's late parts are there.
  await page.route(/LateNotices-[^/]+\.js$/, (route) => route.abort('connectionrefused'));
  await signIn(page, patientOf(product.demo, 'liz'));
  await page.locator('.visit').first().waitFor();
  // The first movement of the pointer fetches the other pages.
  await page.mouse.move(200, 200);
  await page.waitForLoadState('networkidle');
  await page.getByRole('link', { name: 'Who may look' }).click();
  await page.getByRole('link', { name: 'Change who may look' }).click();
  await page.getByRole('radio', { name: /Closed, even in an emergency/ }).check();
  await page.getByRole('link', { name: 'Look at what changes' }).click();
  await page.getByRole('button', { name: 'Save' }).waitFor();

  await product.stop();
  await page
    .getByRole('checkbox', { name: 'I understand what this can mean, and I want to save it.' })
    .check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByText('The server cannot be reached. Check your connection; nothing of yours is lost.')
    .waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Who looked' }).click();
  await page.locator('.visit').first().waitFor();
  await page.getByText('You have changes that are not saved yet.').waitFor();
  // A sign-out that did not happen must not look like one, nor cost the changes.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out and discard' }).click();
  await page.getByRole('dialog', { name: 'You are still signed in' }).waitFor();
  await page.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('You have changes that are not saved yet.').waitFor();
  await page
    .getByText('The server cannot be reached. You see what was loaded before')
    .waitFor({ timeout: 100_000 });
  expect(await accessibilityFaults(page)).toEqual([]);

  await product.start();
  await page.getByText('The server cannot be reached.').waitFor({ state: 'detached', timeout: 100_000 });
  await page.getByRole('link', { name: 'Go on with them' }).click();
  await page.getByRole('link', { name: 'Look at what changes' }).click();
  await page
    .getByRole('checkbox', { name: 'I understand what this can mean, and I want to save it.' })
    .check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/Saved as version 2/).waitFor();
  expect(troubles.filter((trouble) => !trouble.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  await context.close();
}, 300_000);

it('shows an empty way in, not an empty list, when the server is away from the start', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  await signIn(page, patientOf(product.demo, 'ned'));
  await page.locator('.visit').first().waitFor();
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.reload();
  await page.getByText('The server cannot be reached. Check your connection').waitFor();
  expect(await page.locator('.visit').count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.unroute('**/api/v1/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.visit').first().waitFor();
  await context.close();
});

it('brings by itself, when the network is back, an entry that was opened without it', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  await signIn(page, patientOf(product.demo, 'ned'));
  await page.locator('.visit').first().waitFor();
  await page.mouse.move(200, 200);
  await page.waitForLoadState('networkidle');
  await context.setOffline(true);
  await page.locator('.visit a.visit-link').first().click();
  await page.getByRole('heading', { name: 'This did not work' }).waitFor();
  await context.setOffline(false);
  await page.locator('.page-entry .why-sentence').first().waitFor();
  expect(await page.getByText('This did not work').count()).toBe(0);
  await context.close();
});

it('brings by itself a page of which nothing could be fetched, what tells of it included', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  const missing = /(MissingPart|ConsentPage)-[^/]+\.js$/;
  await page.route(missing, (route) => route.abort('connectionrefused'));
  await signIn(page, patientOf(product.demo, 'ned'));
  await page.locator('.visit').first().waitFor();
  await page.getByRole('link', { name: 'Who may look' }).click();
  await page.getByText('This did not work').waitFor();
  await page.unroute(missing);
  await page.getByRole('link', { name: 'Change who may look' }).waitFor({ timeout: 45_000 });
  expect(await page.getByText('This did not work').count()).toBe(0);
  await context.close();
});

it.each([1, 2, 3, 5, 7])(
  'says so, in both languages, where the server goes after the first %i files of the page, and comes back by itself',
  async (served) => {
    const { page, context } = await openPage(browser, product.demo.portalUrl);
    await signIn(page, patientOf(product.demo, 'ned'));
    await page.locator('.visit').first().waitFor();
    let asked = 0;
    const gone = new AbortController();
    const given: string[] = [];
    await page.route('**', async (route) => {
      asked += 1;
      if (!gone.signal.aborted && asked > served) {
        await route.abort('connectionrefused');
        return;
      }
      given.push(route.request().url());
      await route.continue();
    });
    await page.goto('/');
    await page
      .getByText(/has not started yet|cannot be reached/)
      .first()
      .waitFor();
    await page
      .getByText(/尚未启动|无法连接服务器/)
      .first()
      .waitFor();
    const hasWatch = given.some((url) => /\/watch-[^/]+\.js$/.test(url));
    gone.abort();
    if (!hasWatch) {
      await page.getByRole('link', { name: 'Load the page again' }).click();
    }
    await page.locator('.visit').first().waitFor({ timeout: 45_000 });
    expect(await page.getByText(/has not started yet|cannot be reached/).count()).toBe(0);
    await context.close();
  },
  90_000,
);

it('asks nothing of the server for somebody who was never signed in', async () => {
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl);
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  expect(troubles).toEqual([]);
  await context.close();
});

it('says in both languages that the server cannot be reached when its words cannot be loaded', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  await page.route(/_first-[^/]+\.js$/, (route) => route.abort());
  await page.goto('/');
  expect(await page.getByRole('alert').innerText()).toBe(
    'The server cannot be reached; this page tries again by itself. 无法连接服务器；页面会自动重试。 Reload · 刷新',
  );
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.unroute(/_first-[^/]+\.js$/);
  await page.getByRole('link', { name: 'Reload · 刷新' }).click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  await context.close();
});

it('reads the list and says why nothing is saved while the ledger is away', async () => {
  await product.stop();
  const takeLedgerAway = await product.startWithLedgerThatGoes();
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl);
  await signIn(page, patientOf(product.demo, 'chet'), '/consent/edit');
  await page.getByRole('radio', { name: /Open to those who say they treat me/ }).check();
  await page.getByRole('link', { name: 'Look at what changes' }).click();
  await page.locator('.preview strong').first().waitFor();
  await takeLedgerAway();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page
    .getByText('The ledger cannot be reached now, so your consent can neither be read nor saved.')
    .waitFor({ timeout: 45_000 });
  await page.getByText('Saving is not possible now').waitFor({ timeout: 45_000 });
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Who looked' }).click();
  await page.getByText('This list is not up to date', { exact: true }).waitFor({ timeout: 45_000 });
  await page.reload();
  await page.getByText('This list is not up to date', { exact: true }).waitFor();
  expect(await page.locator('.visit').count()).toBeGreaterThan(3);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.locator('.visit', { hasText: 'Emergency' }).first().getByRole('link').click();
  await page.getByText('Your consent cannot be read now').waitFor({ timeout: 45_000 });
  expect(await page.locator('.item').count()).toBeGreaterThan(0);
  await page.getByRole('link', { name: 'Who may look' }).click();
  await page.getByText('your consent can neither be read nor saved').waitFor({ timeout: 45_000 });
  expect(troubles).toEqual([]);
  await context.close();
}, 240_000);

it('shows a list that no longer matches its ledger as stopped, with what it had, not as empty', async () => {
  await product.stop();
  product.deleteLedger();
  await product.start();
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl, { locale: 'zh-CN' });
  await signIn(page, patientOf(product.demo, 'chet'));
  await page.getByText('此列表已停止更新').waitFor();
  expect(await page.locator('.visit').count()).toBeGreaterThan(3);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.goto('/keep/print');
  await page
    .getByText(/此列表已停止更新：.*列表与账本不一致/)
    .last()
    .waitFor();
  expect(troubles).toEqual([]);
  await context.close();
}, 120_000);

it('has written no name, identifier or address of a person into any log', () => {
  const { patients, hospitals } = product.demo;
  const staff = hospitals.flatMap(({ practitioners }) => practitioners);
  const personal = [...patients.map(({ name }) => name), ...staff.flatMap(({ id, name }) => [id, name])];
  expect(personal.length).toBeGreaterThan(10);
  const log = product
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  // It shows the halted projection and the lost ledger.
  expect(log.length).toBeGreaterThan(0);
  expect(personal.filter((text) => log.some((line) => line.includes(text)))).toEqual([]);
});
