// SPDX-License-Identifier: Apache-2.0
import type { BrowserContextOptions, Page } from 'playwright-core';
import {
  accessibilityFaults,
  accessibleNodes,
  beyondScreen,
  contrastFaults,
  DESKTOP,
  hiddenFocus,
  namelessControls,
  PHONE,
  signIn,
} from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite();

async function open(options: BrowserContextOptions): Promise<Page> {
  await suite.open(options);
  await signIn(suite.opened.page, patientOf(suite.product.demo, 'liz'));
  await suite.opened.page.locator('.visit').first().waitFor();
  return suite.opened.page;
}

/** 1280 × 1024 at 400 %. */
const ZOOMED = { width: 320, height: 256 } as const;

const click = (page: Page, selector: string): Promise<void> => page.locator(selector).first().click();
const see = (page: Page, selector: string): Promise<void> => page.locator(selector).first().waitFor();

async function unfold(page: Page): Promise<void> {
  const folded = page.locator('.fold:not([open]) > summary');
  for (let left = await folded.count(); left > 0; left -= 1) {
    await folded.first().click();
  }
  await see(page, '.bars');
}

/**
 * Every page and state, by its address and its marks in the page, so that it can be walked in every language.
 */
const STATES: readonly (readonly [name: string, open: (page: Page) => Promise<void>])[] = [
  ['the list', unfold],
  [
    'the list with everything open',
    async (page) => {
      await click(page, '.visit-who button');
      await click(page, '.trust-more summary');
      await see(page, '.trust-more p');
      await click(page, '.chart .segment >> nth=1');
      await click(page, '.chart > .button-quiet');
      await see(page, '.table-counts');
    },
  ],
  [
    'filters',
    async (page) => {
      await page.goto('/#outcome=refused&from=2001-01-01&user=urn:oid:2.16.840.1.113883.4.6%2370&automatic=hide');
      await see(page, '.chip');
      if ((await page.locator('.find-fields').count()) === 0) { await click(page, '.find-more'); }
      await see(page, '.find-fields');
      await see(page, '.visit');
    },
  ],
  ['nothing found', async (page) => { await page.goto('/#q=nobody+of+this+name'); await see(page, '.nothing'); }],
  [
    'an emergency',
    async (page) => {
      await page.goto('/#purpose=emergency');
      await see(page, '.badge-emergency');
      await click(page, '.visit a');
      await see(page, '.why-sentence');
      await click(page, '.item-ids summary');
      await click(page, '.ledger-place summary');
    },
  ],
  ['the consent as it was', async (page) => { await click(page, '.why-version a'); await see(page, '.badge-decided'); }],
  [
    'a refusal',
    async (page) => {
      await page.goto('/#outcome=deny');
      await see(page, '.visit .badge-deny');
      await click(page, '.visit a');
      await see(page, '.why-sentence');
    },
  ],
  ['what holds', async (page) => { await page.goto('/consent'); await see(page, '.rule'); }],
  ['the editor', async (page) => { await page.goto('/consent/edit'); await see(page, '.preset'); }],
  [
    'an exception with everything asked and missing',
    async (page) => {
      await click(page, '.exceptions > .button');
      await page.locator('dialog .question >> nth=2').locator('input').nth(1).check();
      await page.locator('dialog .question >> nth=3').locator('input').nth(1).check();
      await page.locator('dialog .question >> nth=4').locator('input').nth(2).check();
      await click(page, 'dialog [type=submit]');
      await see(page, '.field-error');
    },
  ],
  [
    'asked before a half-filled exception is left',
    async (page) => {
      await page.keyboard.press('Escape');
      await see(page, 'dialog .notice .actions .button >> nth=1');
    },
  ],
  [
    'a draft',
    async (page) => {
      await click(page, 'dialog .notice .actions .button >> nth=1');
      await page.locator('.preset input').nth(3).check();
      await see(page, '.draft-bar .button-primary');
    },
  ],
  ['asked before signing out', async (page) => { await click(page, '.account .button'); await see(page, 'dialog .button-primary'); }],
  [
    'the review, asked to confirm',
    async (page) => {
      await page.keyboard.press('Escape');
      await click(page, '.draft-bar .button-primary');
      await see(page, '.example');
      await click(page, 'form [type=submit]');
      await see(page, '.field-error');
    },
  ],
  ['the history', async (page) => { await click(page, '.nav a >> nth=1'); await see(page, '.rule'); await click(page, '.actions a >> nth=1'); await see(page, '.version'); }],
  [
    'a session that has ended',
    async (page) => {
      await page.context().clearCookies();
      await click(page, '.nav a >> nth=1');
      await see(page, '.page .notice-info');
      await signIn(await page.context().newPage(), patientOf(suite.product.demo, 'liz'), '/signed-in');
      await see(page, '.nav');
      await page.context().pages()[1]?.close();
    },
  ],
  ['a way back', async (page) => { await page.evaluate('window.onbeforeunload = null'); await page.goto('/signed-in'); await see(page, '.page .button'); }],
  ['a copy', async (page) => { await page.goto('/keep#outcome=refused'); await see(page, '.filter-word'); }],
  ['the list on paper', async (page) => { await page.goto('/keep/print'); await see(page, '.print-table'); }],
  ['nothing here', async (page) => { await page.goto('/nowhere'); await see(page, 'h1'); }],
]; // prettier-ignore

async function faultsOf(page: Page, other: 'light' | 'dark', viewport: { width: number; height: number }) {
  const faults = [...(await accessibilityFaults(page)), ...(await namelessControls(page))];
  const current = other === 'light' ? 'dark' : 'light';
  await page.emulateMedia({ colorScheme: other });
  faults.push(...(await contrastFaults(page)));
  await page.emulateMedia({ colorScheme: current });
  for (const size of [viewport, ZOOMED]) {
    await page.setViewportSize(size);
    const beyond = await beyondScreen(page);
    if (beyond.length > 0) {
      faults.push(`wider than ${String(size.width)} px: ${beyond.join(', ')}`);
    }
  }
  await page.setViewportSize(viewport);
  return faults;
}

describe('every page and state', () => {
  it.each([
    ['English, 1280 px, light', { viewport: DESKTOP, locale: 'en-GB', colorScheme: 'light' }, 'dark'],
    ['Chinese, 390 px, dark', { viewport: PHONE, locale: 'zh-CN', colorScheme: 'dark' }, 'light'],
  ] as const)(
    'has no accessibility fault and nothing outside the window: %s',
    async (_name, options, other) => {
      await suite.open(options);
      const { page } = suite.opened;
      page.on('dialog', (dialog) => void dialog.accept());
      await page.goto('/');
      await see(page, '.welcome-example');
      const faults: Record<string, readonly string[]> = {
        welcome: await faultsOf(page, other, options.viewport),
      };
      await signIn(page, patientOf(suite.product.demo, 'liz'));
      await see(page, '.visit');
      for (const [name, openState] of STATES) {
        await openState(page);
        faults[name] = await faultsOf(page, other, options.viewport);
        expect(await page.title()).toContain('Chartwitness');
      }
      expect(Object.entries(faults).filter(([, found]) => found.length > 0)).toEqual([]);
    },
    240_000,
  );

  it('keeps what has the focus in sight at 400 %, beside everything that sticks', async () => {
    const page = await open({ viewport: ZOOMED });
    expect(await hiddenFocus(page, 25)).toEqual([]);
    await page.goto('/consent/edit');
    await page.locator('.preset input').nth(3).check();
    await see(page, '.draft-bar .button-primary');
    expect(await hiddenFocus(page, 30)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 600 });
    await page.evaluate('document.activeElement.blur()');
    expect(await hiddenFocus(page, 30)).toEqual([]);
    await click(page, '.exceptions > .button');
    expect(await hiddenFocus(page, 16)).toEqual([]);
    page.on('dialog', (dialog) => void dialog.accept());
  });

  it('moves nothing for somebody who asked for less motion', async () => {
    const page = await open({ reducedMotion: 'reduce' });
    const moving = `[...document.querySelectorAll('*')].filter((e) => {
      const { transitionDuration, animationName } = getComputedStyle(e);
      return animationName !== 'none' || transitionDuration.split(', ').some((time) => time !== '0s');
    }).length`;
    expect(await page.evaluate<number>(moving)).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await page.evaluate<number>(moving)).toBeGreaterThan(0);
  });
});

describe('what a screen reader is given', () => {
  it('names landmarks, lines, weeks and buttons as a sighted reader sees them', async () => {
    const page = await open({});
    await unfold(page);
    const nodes = await accessibleNodes(page);
    const named = (role: string): readonly string[] =>
      nodes.filter((node) => node.role === role).map(({ name }) => name);
    for (const landmark of ['banner', 'main', 'complementary', 'search', 'contentinfo']) {
      expect(named(landmark)).toHaveLength(1);
    }
    expect(named('navigation')).toEqual(['Pages']);
    expect(named('heading').slice(0, 3)).toEqual([
      'Who looked at my record',
      'The last 12 weeks',
      'How to read this list',
    ]);
    expect(named('link')).toEqual(
      expect.arrayContaining([
        '2 emergencies',
        expect.stringMatching(/^Dr\. Dagny Schoen ?, \d\d:\d\d, Partly refused, Emergency$/),
        expect.stringMatching(/^Computer system of South Clinic ?, \d\d:\d\d/),
      ]),
    );
    expect(named('button')).toContainEqual(expect.stringMatching(/^Dr\. Pandora Weissnat ?, /));
    expect(named('button').filter((name) => name.startsWith('Week from '))).toHaveLength(12);
    expect(named('button')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Week from .+: 14 accesses, 2 emergencies,? and 7 withheld wholly or in part$/,
        ),
      ]),
    );
    await page.goto('/consent/edit');
    await see(page, '.rule');
    const buttons = (await accessibleNodes(page)).filter(({ role }) => role === 'button');
    expect(buttons).toContainEqual({
      role: 'button',
      name: 'Remove',
      description: 'Everybody at South Clinic may see all my data for treatment',
    });
  });
});
