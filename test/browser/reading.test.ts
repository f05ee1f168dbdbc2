// SPDX-License-Identifier: Apache-2.0
import type { Page } from 'playwright-core';
import { accessibleNodes, beyondScreen, DESKTOP, focused, signIn } from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite();

async function openList(username: string, options: Parameters<typeof suite.open>[0] = {}): Promise<Page> {
  await suite.open(options);
  await signIn(suite.opened.page, patientOf(suite.product.demo, username));
  await suite.opened.page.locator('.visit').first().waitFor();
  return suite.opened.page;
}

describe('the first look', () => {
  it.each(['en-GB', 'zh-CN'])(
    'has who and what of the first entry on a small phone’s first screen (%s)',
    async (locale) => {
      const page = await openList('chet', { viewport: { width: 390, height: 664 }, locale });
      await page.locator('.highlight').first().waitFor();
      const box = await page.locator('.visit-what').first().boundingBox();
      expect((box?.y ?? 999) + (box?.height ?? 999)).toBeLessThanOrEqual(664);
    },
  );

  it('names each line by person, time, result and emergency', async () => {
    const page = await openList('chet');
    const names = (await accessibleNodes(page))
      .filter(({ role }) => role === 'link' || role === 'button')
      .map(({ name }) => name);
    expect(names.some((name) => /^Dr\. .+, \d\d:\d\d, Allowed, Emergency$/.test(name))).toBe(true);
    expect(names.some((name) => /, \d\d:\d\d, Refused$/.test(name))).toBe(true);
  });

  it('counts what was read twice once', async () => {
    const page = await openList('chet');
    const folded = page.locator('.visit', { hasText: '3 requests' }).first();
    const number = (text: string): number => Number(/(\d+) measurements/.exec(text)?.[1] ?? 0);
    const total = number(await folded.locator('.visit-body > .visit-what').innerText());
    await folded.getByRole('button').click();
    await folded.locator('.visit-entry').nth(2).waitFor();
    const parts = (await folded.locator('.visit-entry').allInnerTexts()).map(number);
    expect(total).toBeGreaterThanOrEqual(Math.max(...parts));
    expect(total).toBeLessThanOrEqual(parts.reduce((sum, part) => sum + part, 0));
  });

  it('is at most twelve steps of the Tab key from its beginning', async () => {
    const page = await openList('chet');
    await page.locator('.bars').waitFor();
    let steps = 0;
    while (!(await page.evaluate<boolean>("document.activeElement.matches('.visit-link')"))) {
      await page.keyboard.press('Tab');
      steps += 1;
      if ((await focused(page)).includes('Skip to the list')) {
        await page.keyboard.press('Enter');
      }
      expect(steps).toBeLessThanOrEqual(12);
    }
  });

  it('shows something within a second while the service thinks', async () => {
    await suite.open();
    const { page } = suite.opened;
    await signIn(page, patientOf(suite.product.demo, 'chet'));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/api/v1/**', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto('/', { waitUntil: 'commit' });
    await page.getByText('Loading…').first().waitFor({ timeout: 1_000 });
    release();
    await page.locator('.visit').first().waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  });
});

const PAGES = [
  '/',
  '/consent',
  '/consent/edit',
  '/consent/history',
  '/consent/versions/1',
  '/keep',
  '/keep/print',
  '/nothing',
];

describe('with text of twice the size on a phone', () => {
  const enlarge = (page: Page) => page.evaluate("document.documentElement.style.fontSize = '200%'");
  const narrow = { viewport: { width: 390, height: 664 } } as const;

  it('no page scrolls sideways', async () => {
    const page = await openList('liz', narrow);
    const list = (await (await suite.opened.context.request.get('/api/v1/accesses?limit=1')).json()) as {
      items: { id: string }[];
    };
    for (const path of [...PAGES, `/accesses/${list.items[0]?.id ?? ''}`]) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      await enlarge(page);
      expect({ path, beyond: await beyondScreen(page) }).toEqual({ path, beyond: [] });
    }
  }, 120_000);

  it('neither do the pages before signing in', async () => {
    await suite.open(narrow);
    const { page } = suite.opened;
    for (const path of ['/', '/auth/login']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await enlarge(page);
      expect({ path, beyond: await beyondScreen(page) }).toEqual({ path, beyond: [] });
    }
  });
});

it('keeps what is chosen visible in forced colours', async () => {
  const page = await openList('chet');
  await page.emulateMedia({ forcedColors: 'active' });
  await page.locator('.bars').waitFor();
  const outline = (selector: string): Promise<string> =>
    page.evaluate<string>(
      `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).outlineStyle`,
    );
  expect(await outline('.segment input:checked + span')).toBe('solid');
  expect(await outline('.segment input:not(:checked) + span')).toBe('none');
  await page.locator('.legend-choice').first().click();
  expect(await outline('.legend-choice[aria-pressed="true"]')).toBe('solid');
  expect(await outline('.legend-choice[aria-pressed="false"]')).toBe('none');
  const border = (selector: string): Promise<string> =>
    page.evaluate<string>(
      `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).borderBottomColor`,
    );
  expect(await border('.nav a[aria-current]')).not.toBe(await border('.nav a:not([aria-current])'));
});

describe('a day, typed as a person types it', () => {
  it('narrows the list once it is whole, is one step of the history, and half a day changes nothing', async () => {
    const page = await openList('chet', { viewport: DESKTOP });
    await page.locator('.find-more').click();
    const from = page.locator('.find-fields input[type="date"]').first();
    await from.focus();
    const before = await page.evaluate<number>('history.length');
    await page.keyboard.type('05012020', { delay: 60 });
    await page.waitForURL((url) => url.hash !== '');
    expect(page.url()).toMatch(/#from=2020-0[15]-0[15]$/);
    expect(await page.evaluate<number>('history.length')).toBe(before + 1);
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Tab');
    expect(page.url()).toMatch(/#from=2020-0[15]-0[15]$/);
    await page.goBack();
    await page.waitForURL((url) => url.hash === '');
    expect(await from.inputValue()).toBe('');
  });

  it('leaves no filter in the address that is not applied', async () => {
    const page = await openList('chet');
    await page.goto('/#from=0002-01-01&org=NorthHospitalMSP');
    await page.waitForURL((url) => url.hash === '#org=NorthHospitalMSP');
    await page.locator('.chip').waitFor();
    expect(await page.locator('.chip').count()).toBe(1);
  });
});

describe('on paper', () => {
  it.each([
    ['/consent', 'Who may look at my record'],
    ['/', 'Who looked at my record'],
  ])('%s carries name, date, completeness and time zone', async (path, title) => {
    const page = await openList('liz', { timezoneId: 'Europe/Oslo' });
    await page.goto(path);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await page.locator('.print-only').waitFor({ state: 'attached' });
    expect(await page.locator('.print-only').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    const facts = await page.locator('.print-only').innerText();
    expect(facts).toContain(`For: ${patientOf(suite.product.demo, 'liz').name}`);
    expect(facts).toMatch(/Made on \d+ \w+ \d{4} at \d\d:\d\d/);
    expect(facts).toMatch(/Times are those of Europe\/Oslo \(GMT\+0[12]:00\)\./);
    expect(facts).toMatch(/Complete up to ledger position \d+/);
  });

  it('an entry does too', async () => {
    const page = await openList('liz');
    await page.locator('.visit a.visit-link').first().click();
    await page.locator('.why-sentence').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.print-only').innerText()).toContain('Times are those of UTC');
  });
});

it('asks before Escape throws away what was filled in, and does not when nothing was', async () => {
  const page = await openList('liz');
  await page.goto('/consent/edit');
  const add = page.getByRole('button', { name: 'Add an exception' });
  await add.click();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await add.click();
  await page.getByRole('dialog').getByRole('radio').last().check();
  for (let press = 0; press < 3; press += 1) {
    await page.keyboard.press('Escape');
  }
  await page.getByText('Discard what you have filled in?').waitFor();
  expect(await focused(page)).toContain('Go on filling in');
  await page.keyboard.press('Enter');
  await page.getByText('Discard what you have filled in?').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Discard', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

describe('signed out', () => {
  it('leaves the browser’s console empty, on the portal and on the page that asks for the password', async () => {
    await suite.open();
    const { page } = suite.opened;
    const said: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        said.push(message.text());
      }
    });
    await page.goto('/');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('User name').waitFor();
    await page.waitForLoadState('networkidle');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await signIn(page, patientOf(suite.product.demo, 'liz'));
    await page.locator('.visit').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.waitForLoadState('networkidle');
    expect(said).toEqual([]);
  });

  it('puts the focus on what was wrong, and speaks the language that is chosen', async () => {
    await suite.open();
    const { page } = suite.opened;
    await page.goto('/auth/login');
    await page.getByRole('link', { name: '简体中文' }).click();
    await page.getByLabel('用户名').fill('liz');
    await page.getByLabel('密码', { exact: true }).fill('not the password');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await focused(page)).toContain('用户名或密码不正确。');
  });
});
