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
  await page.getByRole('checkbox', { name: 'I have read this and want it so.' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByText('The server cannot be reached. Check your connection; nothing of yours is lost.')
    .waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Who looked' }).click();
  await page.locator('.visit').first().waitFor();
  await page.getByText('You have changes that are not saved yet.').waitFor();
  await page
    .getByText('The server cannot be reached. You see what was loaded before')
    .waitFor({ timeout: 40_000 });
  expect(await accessibilityFaults(page)).toEqual([]);

  await product.start();
  await page.getByText('The server cannot be reached.').waitFor({ state: 'detached', timeout: 40_000 });
  await page.getByRole('link', { name: 'Go on with them' }).click();
  await page.getByRole('link', { name: 'Look at what changes' }).click();
  await page.getByRole('checkbox', { name: 'I have read this and want it so.' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/Saved as version 2/).waitFor();
  expect(troubles.filter((trouble) => !trouble.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  await context.close();
}, 180_000);

it('shows an empty way in, not an empty list, when the server is away from the start', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  await page.goto('/');
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.reload();
  await page.getByText('The server cannot be reached. Check your connection').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.unroute('**/api/v1/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  await context.close();
});
