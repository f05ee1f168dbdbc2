// SPDX-License-Identifier: Apache-2.0
/** The portal for somebody who has set their browser's text to twice its size, on a phone. */
import type { Page } from 'playwright-core';
import { accessibilityFaults, accessibleNodes, beyondScreen, signIn, tabTo, until } from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite(32);
const SMALL_PHONE = { width: 390, height: 664 } as const;

async function open(
  { width, height }: { readonly width: number; readonly height: number },
  locale: string,
  path = '/',
): Promise<Page> {
  await suite.open({ viewport: { width, height }, locale });
  const { page } = suite.opened;
  await signIn(page, patientOf(suite.product.demo, 'liz'), path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

/** The lines of the list by its own answer, newest first: the folded ones are one line. */
const lineCount = (page: Page): Promise<number> => page.locator('.visit').count();

/** What each press of Tab comes to, from the first line on, until it leaves the list. */
async function tabThrough(page: Page): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const line = await page.evaluate<string | null>(
      `document.activeElement.matches('.visit-link') ? document.activeElement.textContent : null`,
    );
    if (line === null) {
      return lines;
    }
    lines.push(line);
  }
}

/**
 * Elements that hold text and are too narrow for a word of it: fewer than four letters of their own type
 * wide.
 */
const narrowTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`[...document.querySelectorAll('.visit-who, .visit-what, .visit-count, .visit-why')]
    .filter((element) => element.getBoundingClientRect().width < 4 * parseFloat(getComputedStyle(element).fontSize))
    .map((element) => element.className + ': ' + element.textContent)`);

/** Marks that reach beyond the card that they are in. */
const beyondCard = (page: Page): Promise<readonly string[]> =>
  page.evaluate(`[...document.querySelectorAll('.visit .badge')]
    .filter((badge) => badge.getBoundingClientRect().right > badge.closest('.visits').getBoundingClientRect().right)
    .map((badge) => badge.textContent)`);

describe.each([
  ['en-GB', 390],
  ['zh-CN', 320],
])('text at 200 %%, %s, %d px', (locale, width) => {
  it('every line of the list is reached with the Tab key, from above and from below', async () => {
    const page = await open({ ...SMALL_PHONE, width }, locale);
    const skip = page.locator('.skip').last();
    await tabTo(page, skip);
    await page.keyboard.press('Enter');
    await tabTo(page, page.locator('.results-keep'));
    const lines = await tabThrough(page);
    // What the ordinary size shows: counted by the page's own sentence, with the folded lines opened.
    const entries = Number(/\d+/.exec(await page.locator('.results-count').innerText())?.[0]);
    expect(lines).toHaveLength(await lineCount(page));
    const folded = await page.locator('.visit-count').allInnerTexts();
    const inFolded = folded.reduce((sum, text) => sum + Number(/\d+/.exec(text)?.[0]), 0);
    expect(lines.length - folded.length + inFolded).toBe(entries);
    const back: string[] = [];
    while (back.length < lines.length) {
      await page.keyboard.press('Shift+Tab');
      back.push(await page.evaluate<string>('document.activeElement.textContent'));
    }
    expect(back.reverse()).toEqual(lines);
  });

  it('the way to the list leads to its beginning, not to its middle', async () => {
    const page = await open({ ...SMALL_PHONE, width }, locale);
    await page.locator('.visit-count').first().waitFor();
    await tabTo(page, page.locator('.skip').last());
    await page.keyboard.press('Enter');
    const top = await page.evaluate<number>(`document.activeElement.getBoundingClientRect().top`);
    expect(await page.evaluate(`document.activeElement.id`)).toBe('results');
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThan(SMALL_PHONE.height / 2);
  });

  it('every line is there for a screen reader before anything was pressed', async () => {
    const page = await open({ ...SMALL_PHONE, width }, locale);
    await page.locator('.visit').last().waitFor();
    const entries = Number(/\d+/.exec(await page.locator('.results-count').innerText())?.[0]);
    await until(
      page,
      `[...document.querySelectorAll('.visits')].every(({ childElementCount }) => childElementCount > 0)`,
    );
    const spoken = (await accessibleNodes(page)).filter(
      ({ role, name }) => (role === 'link' || role === 'button') && /\d\d:\d\d/.test(name),
    );
    expect(spoken.length).toBe(await lineCount(page));
    expect(spoken.length).toBeLessThanOrEqual(entries);
  });

  it('nothing is cut: names, numbers of requests, marks and menus are read whole', async () => {
    const page = await open({ ...SMALL_PHONE, width }, locale);
    await page.locator('.visit-count').first().waitFor();
    expect(await narrowTexts(page)).toEqual([]);
    expect(await beyondCard(page)).toEqual([]);
    expect(await beyondScreen(page)).toEqual([]);
    await page.locator('.settings').scrollIntoViewIfNeeded();
    const cut = await page.evaluate<readonly string[]>(`[...document.querySelectorAll('.settings select')]
      .filter((select) => {
        const { fontSize, fontFamily, fontWeight, paddingLeft, paddingRight } = getComputedStyle(select);
        const ink = document.createElement('canvas').getContext('2d');
        ink.font = fontWeight + ' ' + fontSize + ' ' + fontFamily;
        const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        return ink.measureText(select.selectedOptions[0].textContent).width > room + 1;
      })
      .map((select) => select.value)`);
    expect(cut).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

it('text that grows after the page was loaded loses no line either', async () => {
  const page = await open(SMALL_PHONE, 'en-GB');
  await page.locator('.visit-count').first().waitFor();
  await page.evaluate(`document.documentElement.style.fontSize = '48px'`);
  await tabTo(page, page.locator('.results-keep'));
  expect(await tabThrough(page)).toHaveLength(await lineCount(page));
  expect(await beyondCard(page)).toEqual([]);
});
