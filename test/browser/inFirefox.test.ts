// SPDX-License-Identifier: Apache-2.0
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { installed, nameWhatDidNotRun } from './support/installed';
import { access, patientOf, startProduct, type Product } from './support/product';

const firefox = installed(process.env['FIREFOX_PATH'], '/usr/bin/firefox-esr', '/usr/bin/firefox');
const SOUTH = 'SouthClinicMSP';
const ADA = { id: 'urn:test:ada', name: 'Dr. Ada Example', role: 'doctor' };

if (firefox === undefined) {
  nameWhatDidNotRun('Firefox', '"firefox-esr"');
} else {
  describe('in Firefox', () => {
    let product: Product;
    let browser: Browser;
    let page: Page;
    const faults: string[] = [];
    beforeAll(async () => {
      product = await startProduct(true);
      // WebDriver BiDi is what Firefox is driven by.
      browser = await puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true });
      page = await browser.newPage();
      await page.setViewport({ width: 1280, height: 900 });
      page.setDefaultTimeout(40_000);
      page.on('pageerror', (error) => faults.push(error instanceof Error ? error.message : String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') {
          faults.push(message.text());
        }
      });
    }, 240_000);
    afterAll(async () => {
      await browser.close();
      await product.dispose();
    });
    afterEach(() => {
      expect(faults.splice(0)).toEqual([]);
    });

    const text = (wanted: string) => page.locator(`::-p-text(${wanted})`);
    // The browser's own waiting needs `eval`, which the page's policy refuses.
    const until = async (expression: string): Promise<void> => {
      const deadline = Date.now() + 30_000;
      while ((await page.evaluate(expression)) !== true) {
        if (Date.now() > deadline) {
          throw new Error(`never true: ${expression}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };

    it('leads in by keys, without a red line before, and shows the list', async () => {
      await page.goto(product.demo.portalUrl);
      await page.locator('.welcome a.button').click();
      const ned = patientOf(product.demo, 'ned');
      const errand = { by: SOUTH, path: 'Patient/{id}', practitioner: ADA, purpose: 'TREAT' };
      expect(await access(product.demo, ned, errand)).toBe(200);
      await page.locator('#username').wait();
      await page.type('#username', ned.username);
      await page.type('#password', ned.password);
      await page.keyboard.press('Enter');
      await text(ADA.name).wait();
      await page.locator('.bars').wait();
    }, 90_000);

    it('takes a typed day, and one step back takes it away', async () => {
      await page.click('.find-more');
      await page.locator('input[type="date"]').wait();
      await page.focus('input[type="date"]');
      for (const key of '05012020') {
        await page.keyboard.press(key as '0');
      }
      await until('/^#from=2020-0[15]-0[15]$/.test(location.hash)');
      await page.evaluate('history.back()');
      await until("location.hash === '' && document.querySelector('.results') !== null");
    }, 90_000);

    it('goes from an entry to a block, over the warning, to the next request refused', async () => {
      await page.locator(`a.visit-link ::-p-text(${ADA.name})`).click();
      await page.locator('a[href="/consent/review"]').click();
      await text(`${ADA.name} may not see any of my data`).wait();
      const accept = page.locator('label ::-p-text(I understand what this can mean, and I want to save it.)');
      await accept.click();
      await page.locator('button ::-p-text(Save)').click();
      await text('Saved as version').wait();
      const ned = patientOf(product.demo, 'ned');
      const errand = { by: SOUTH, path: 'Patient/{id}', practitioner: ADA, purpose: 'TREAT' };
      expect(await access(product.demo, ned, errand)).not.toBe(200);
    }, 90_000);

    it('signs out and shows nothing of the patient on the way back', async () => {
      await page.locator('.account .button').click();
      await page.locator('.welcome').wait();
      await page.goBack();
      await until("document.querySelector('h1') !== null");
      expect(await page.evaluate('document.body.innerText')).not.toContain(
        patientOf(product.demo, 'ned').name,
      );
    }, 90_000);
  });
}
