// SPDX-License-Identifier: Apache-2.0
import { type Browser, type Page } from 'playwright-core';
import { openBrowser, openPage, signIn } from './support/browser';
import { patientOf, startWithEntries, type Product } from './support/product';

const ENTRIES = 100_000;
let product: Product;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([startWithEntries('chet', ENTRIES), openBrowser()]);
}, 600_000);
afterAll(async () => {
  await browser.close();
  await product.dispose();
});

const shown = async (page: Page): Promise<number> =>
  Number.parseInt((await page.locator('.results-count').innerText()).replaceAll(',', ''), 10);

it('a list of 100,000 entries opens, scrolls, is searched in bounded steps and says how much was counted', async () => {
  const { page, context, troubles } = await openPage(browser, product.demo.portalUrl);
  await signIn(page, patientOf(product.demo, 'chet'));
  await page.locator('.visit').first().waitFor();
  expect(await shown(page)).toBe(20);
  await page.locator('.bars').waitFor();
  expect(await page.locator('.chart').innerText()).toContain('Only the newest 3,000 entries are counted.');
  expect(await page.locator('.summary').innerText()).toMatch(
    /^More than 3,000 requests in the last 30 days; the newest 3,000 were by [\d,]+ people at 1 organisation\./,
  );
  // Wider than its bar, yet on one line and within the chart.
  const mark = page.locator('.bar-place:last-child .bar-mark');
  expect(await mark.innerText()).toBe('999+');
  const [markBox, chartBox] = await Promise.all([mark.boundingBox(), page.locator('.plot').boundingBox()]);
  expect(markBox?.height).toBeLessThan(20);
  expect((markBox?.x ?? 0) + (markBox?.width ?? 0)).toBeLessThanOrEqual(
    (chartBox?.x ?? 0) + (chartBox?.width ?? 0),
  );

  for (let pages = 2; pages <= 21; pages += 1) {
    await page.locator('.older button').scrollIntoViewIfNeeded();
    while ((await shown(page)) < 20 + 50 * (pages - 1)) {
      await page.waitForTimeout(20);
    }
  }
  expect(await shown(page)).toBeGreaterThanOrEqual(1000);

  await page.evaluate('window.scrollTo(0, 0)');
  await page.getByRole('searchbox').fill('number 98001');
  await page.getByText(/^2,000 entries searched, back to/).waitFor();
  expect(await page.getByText('Dr. Number 98001', { exact: true }).count()).toBe(1);
  await page.getByRole('button', { name: 'Search further back' }).click();
  await page.getByText(/^4,000 entries searched, back to/).waitFor();
  expect(troubles).toEqual([]);
  await context.close();
}, 180_000);

it('all of them can be taken along', async () => {
  const { page, context } = await openPage(browser, product.demo.portalUrl);
  await signIn(page, patientOf(product.demo, 'chet'), '/keep');
  const [file] = await Promise.all([
    page.waitForEvent('download', { timeout: 170_000 }),
    page.getByRole('button', { name: 'Save as CSV' }).click(),
  ]);
  expect(await file.failure()).toBeNull();
  await page.getByText(/^100,0\d\d entries saved\.$/).waitFor();
  await context.close();
}, 180_000);
