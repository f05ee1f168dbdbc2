// SPDX-License-Identifier: Apache-2.0
import type { Page } from 'playwright-core';
import { accessibilityFaults, signIn } from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite();

const UNSAVED = 'You have changes that are not saved yet.';
const ASSETS = '**/assets/**';

/** A change is begun in a tab that has loaded nothing but the editor. */
async function beginChange(): Promise<Page> {
  await suite.open();
  const { page } = suite.opened;
  page.on('dialog', (dialog) => {
    throw new Error(`the browser asks: ${dialog.type()}`);
  });
  await signIn(page, patientOf(suite.product.demo, 'liz'), '/consent/edit');
  await page.getByRole('radio', { name: /Closed, even in an emergency/ }).waitFor();
  await page.waitForLoadState('networkidle');
  return page;
}

/** As a server answers this tab once another version of the portal is installed there. */
async function upgrade(page: Page): Promise<void> {
  await page.route(ASSETS, (route) => route.fulfill({ status: 404, json: { code: 'NOT_FOUND' } }));
  await page.route(
    (url) => url.pathname === '/',
    (route) => route.fulfill({ contentType: 'text/html', body: '<script src="/assets/new-1.js"></script>' }),
  );
}

const close = (page: Page) => page.getByRole('radio', { name: /Closed, even in an emergency/ }).check();

async function draftIsThere(page: Page): Promise<void> {
  await page.getByText(UNSAVED).waitFor();
  await page.getByRole('link', { name: 'Go on with them' }).click();
  const closed = page.getByRole('radio', { name: /Closed, even in an emergency/ });
  await closed.waitFor();
  expect(await closed.isChecked()).toBe(true);
  expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
}

it('keeps frame and draft when a part is gone after an upgrade, and loads the new version', async () => {
  const page = await beginChange();
  await upgrade(page);
  await close(page);
  await page.getByRole('link', { name: 'Keep a copy' }).click();
  await page.getByText('This portal was updated').waitFor();
  await page.getByText('What you have not saved stays.').waitFor();
  await page.getByText(UNSAVED).waitFor();
  expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(true);
  expect(await accessibilityFaults(page)).toEqual([]);
  // Other pages that are there already still open.
  await page.getByRole('link', { name: 'Go on with them' }).click();
  await page.getByRole('radio', { name: /Closed, even in an emergency/ }).waitFor();
  await page.getByRole('link', { name: 'Keep a copy' }).click();
  await page.getByText('This portal was updated').waitFor();

  await page.unroute(ASSETS);
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Load the new version' }).click();
  await page.getByRole('heading', { level: 1, name: 'Keep a copy' }).waitFor();
  await draftIsThere(page);
});

it('keeps frame and draft while there is no connection, and goes on when it is back', async () => {
  const page = await beginChange();
  await page.route('**', (route) => route.abort());
  await close(page);
  await page.getByRole('link', { name: 'Keep a copy' }).click();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The server cannot be reached. Check your connection').waitFor();
  await page.getByText(UNSAVED).waitFor();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { level: 1, name: 'Keep a copy' }).waitFor();
  await draftIsThere(page);
});

it('gives a kept draft to nobody but the person who began it', async () => {
  const page = await beginChange();
  await upgrade(page);
  await close(page);
  await page.getByRole('link', { name: 'Keep a copy' }).click();
  await page.getByText('This portal was updated').waitFor();
  // The session ends while the page is away, and somebody else signs in in this tab.
  await suite.opened.context.clearCookies();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Load the new version' }).click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  await signIn(page, patientOf(suite.product.demo, 'ned'));
  await page.locator('.results').waitFor();
  expect(await page.getByText(UNSAVED).count()).toBe(0);
  expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
});
