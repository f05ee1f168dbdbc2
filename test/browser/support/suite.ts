// SPDX-License-Identifier: Apache-2.0
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openBrowser, openPage, type WatchedPage } from './browser';
import { startProduct, type Product } from './product';

/**
 * What the tests of one file share: the demonstration with its traffic, a browser, and the window of the test
 * that runs.
 */
export interface Suite {
  product: Product;
  browser: Browser;
  /** The window opened last. After each test it must be without troubles, and is closed. */
  opened: WatchedPage;
  /** Opens the test's window; {@link openPage} has what holds unless told otherwise. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>;
}

/**
 * Starts product and browser before a file's tests and stops them after. To be called once, outside any test.
 * @param textPx see {@link openBrowser}
 */
export function startSuite(textPx?: number): Suite {
  const suite = {
    async open(options?: BrowserContextOptions): Promise<WatchedPage> {
      suite.opened = await openPage(suite.browser, suite.product.demo.portalUrl, options);
      return suite.opened;
    },
  } as Suite;
  beforeAll(async () => {
    [suite.product, suite.browser] = await Promise.all([startProduct(true), openBrowser(textPx)]);
  }, 200_000);
  afterAll(async () => {
    await suite.browser.close();
    await suite.product.dispose();
  });
  afterEach(async () => {
    expect(suite.opened.troubles).toEqual([]);
    await suite.opened.context.close();
  });
  return suite;
}
