// SPDX-License-Identifier: Apache-2.0
import type { Browser } from 'playwright-core';
import { openBrowser, openPage, signIn } from './support/browser';
import { access, patientOf, startWithEntries, type Product } from './support/product';

const ENTRIES = 10_000;
const NORTH = 'NorthHospitalMSP';
let product: Product;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([startWithEntries('chet', ENTRIES), openBrowser()]);
}, 300_000);
afterAll(async () => {
  await browser.close();
  await product.dispose();
});

it('a list of 10,000 entries tells of accesses that happened, and of no others', async () => {
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl);
  const chet = patientOf(product.demo, 'chet');
  await signIn(page, chet);
  await page.locator('.bars').waitFor();
  // The page asks for news in turns: twice, and nothing has happened.
  for (let turn = 0; turn < 2; turn += 1) {
    await page.keyboard.press('Shift');
    await page.waitForResponse('**/api/v1/me', { timeout: 40_000 });
    await page.waitForLoadState('networkidle');
    expect(await page.locator('.results-new').count()).toBe(0);
  }
  const practitioner = { id: 'urn:oid:2.16.840.1.113883.4.6#998', name: 'Dr. Brand New', role: 'doctor' };
  const request = { by: NORTH, path: 'Observation?patient={id}', practitioner };
  expect(await access(product.demo, chet, { ...request, purpose: 'TREAT' })).toBe(200);
  expect(
    await access(product.demo, chet, { ...request, purpose: 'BTG', reason: 'Unconscious on arrival' }),
  ).toBe(200);
  const show = page.getByRole('button', { name: 'Show 2 new entries, with 1 emergency' });
  await show.waitFor({ timeout: 40_000 });
  // The headline goes with the list's position, not with the next time that the page is opened.
  await page.locator('.highlight-emergency', { hasText: '1 emergency' }).waitFor();
  await show.click();
  await page.locator('.visit', { hasText: 'Dr. Brand New' }).first().waitFor();
  expect(await page.locator('.results-count').innerText()).toMatch(/^22 entries/);
  expect(await page.locator('.visit', { hasText: 'Dr. Brand New' }).count()).toBe(2);
  await page.locator('.older button').scrollIntoViewIfNeeded();
  await page.locator('.results-count', { hasText: /^72 entries/ }).waitFor();
  expect(troubles).toEqual([]);
  await context.close();
}, 180_000);
