// SPDX-License-Identifier: Apache-2.0
import { installed, nameWhatDidNotRun } from './support/installed';
import { patientOf, startProduct, type Product } from './support/product';
import { openWebKit, type DrivenBrowser } from './support/webDriver';

const driver = installed('/usr/bin/WebKitWebDriver');
const browser = installed(
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
);
const screen = installed('/usr/bin/Xvfb');

if (driver === undefined || browser === undefined || screen === undefined) {
  nameWhatDidNotRun('WebKitGTK', '"webkit2gtk-driver" and "xvfb"');
} else {
  describe('in WebKitGTK', () => {
    let product: Product;
    let webKit: DrivenBrowser;
    beforeAll(async () => {
      product = await startProduct(true);
      webKit = await openWebKit({ driver, browser, screen });
    }, 240_000);
    afterAll(async () => {
      await webKit.close();
      await product.dispose();
    });

    async function signIn(): Promise<void> {
      const liz = patientOf(product.demo, 'liz');
      await webKit.open(`${product.demo.portalUrl}/auth/login`);
      await webKit.type('#username', liz.username);
      await webKit.type('#password', liz.password);
      await webKit.click('button[type="submit"]');
      await webKit.until("document.querySelectorAll('.visit').length > 3");
    }

    it('shows the list and an entry', async () => {
      await signIn();
      await webKit.until("document.querySelector('.bars') !== null");
      await webKit.click('.visit a.visit-link');
      await webKit.until("document.querySelector('.why-sentence') !== null");
      await webKit.back();
      await webKit.until("document.querySelectorAll('.visit').length > 3");
      expect(
        await webKit.evaluate<boolean>(
          'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
        ),
      ).toBe(true);
    });

    it('writes a Chinese date without one character over another', async () => {
      await webKit.evaluate("localStorage.setItem('chartwitness.language', 'zh-CN')");
      await webKit.open(`${product.demo.portalUrl}/`);
      await webKit.until("document.querySelector('.day-head time') !== null");
      const boxes = await webKit.evaluate<readonly number[][]>(`(() => {
        const text = document.querySelector('.day-head time').firstChild;
        return [...text.data].map((_, at) => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          const { left, right } = range.getBoundingClientRect();
          return [left, right];
        });
      })()`);
      expect(boxes.length).toBeGreaterThan(8);
      boxes.slice(1).forEach(([left], at) => {
        expect(left).toBeGreaterThanOrEqual((boxes[at]?.[1] ?? 0) - 0.5);
      });
      expect(
        await webKit.evaluate<string>("getComputedStyle(document.querySelector('.day-head')).textAutospace"),
      ).toBe('no-autospace');
      await webKit.evaluate("localStorage.removeItem('chartwitness.language')");
    });

    it('shows nothing of the patient on the way back after signing out, though it kept the page', async () => {
      await webKit.open(`${product.demo.portalUrl}/`);
      await webKit.click('.nav a:nth-child(2)');
      await webKit.until("document.querySelectorAll('h1').length === 1 && location.pathname === '/consent'");
      await webKit.evaluate(
        "(addEventListener('pageshow', ({ persisted }) => { window.wasKept = persisted; window.shownFirst = document.body.innerText; }), true)",
      );
      await webKit.click('.account .button');
      await webKit.until("document.querySelector('.welcome') !== null");
      await webKit.back();
      await webKit.until("location.pathname === '/consent' && document.querySelector('h1') !== null");
      const name = patientOf(product.demo, 'liz').name;
      expect(await webKit.evaluate<boolean>('window.wasKept === true')).toBe(true);
      expect(await webKit.evaluate<string>('window.shownFirst')).not.toContain(name);
      await webKit.until("document.querySelector('h1').innerText === 'Your session has ended'");
      expect(await webKit.evaluate<string>('document.body.innerText')).not.toContain(name);
    });
  });
}
