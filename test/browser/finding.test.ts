// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { hasFocus, PHONE, signIn, until } from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite();

async function openList(options: Parameters<typeof suite.open>[0] = {}, fragment = ''): Promise<Page> {
  await suite.open(options);
  await signIn(suite.opened.page, patientOf(suite.product.demo, 'liz'));
  if (fragment !== '') {
    await suite.opened.page.goto(`/${fragment}`);
  }
  await suite.opened.page.locator('.results').waitFor();
  return suite.opened.page;
}

const count = async (page: Page): Promise<number> =>
  Number.parseInt(await page.locator('.results-count').innerText(), 10);

describe('finding', () => {
  it('narrows by every field, keeps it in the URL, and goes back step by step', async () => {
    const page = await openList();
    const all = await count(page);
    await page.getByText('More ways to find').click();
    const result = page.getByRole('combobox', { name: 'Result' });
    await result.selectOption('partial');
    await expectCount(page, (some) => some > 0 && some < all);
    expect(page.url()).toContain('#outcome=partial');
    const partly = await count(page);
    await page
      .getByRole('combobox', { name: 'Organisation', exact: true })
      .selectOption({ label: await optionStarting(page, 'Organisation', 'South Clinic') });
    await expectCount(page, (some) => some > 0 && some < partly);
    expect(page.url()).toContain('org=SouthClinicMSP');
    await page.goBack();
    await expectCount(page, (some) => some === partly);
    await page.goBack();
    await expectCount(page, (some) => some === all);
    expect(new URL(page.url()).hash).toBe('');
  });

  it.each([
    ['Person', 'Dr. Mariam Gleason', 'user='],
    ['Reason', 'Emergency', 'purpose=emergency'],
    ['Kind of data', 'Bills', 'type=Claim'],
  ])('narrows by %s', async (label, option, inUrl) => {
    const page = await openList();
    const all = await count(page);
    await page.getByText('More ways to find').click();
    await page
      .getByLabel(label, { exact: true })
      .selectOption({ label: await optionStarting(page, label, option) });
    await expectCount(page, (some) => some > 0 && some < all);
    expect(page.url()).toContain(inUrl);
  });

  it('finds a name, without sending it to anybody', async () => {
    const page = await openList();
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url() + (request.postData() ?? '')));
    await page.getByRole('searchbox').fill('gleason');
    await expectCount(page, (some) => some > 0);
    await page.waitForURL(/#q=gleason/);
    for (const text of await page.locator('.visit-who').allInnerTexts()) {
      expect(text).toContain('Gleason');
    }
    expect(sent.filter((request) => /gleason/i.test(request))).toEqual([]);
    await page.getByRole('searchbox').fill('nobody of this name');
    await page.getByRole('heading', { name: 'No entry fits' }).waitFor();
    await page.getByRole('link', { name: 'Show everything' }).click();
    await page.locator('.visit').first().waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  it('hides automatic and administrative accesses', async () => {
    const page = await openList();
    await page.getByText('More ways to find').click();
    expect(await page.getByText('Automatic', { exact: true }).count()).toBeGreaterThan(0);
    await page.getByLabel('Hide automatic ones').check();
    await expectGone(page, 'Automatic');
    await page.getByLabel('Hide administration and billing').check();
    await expectGone(page, 'Administration');
  });

  it('covers whole days', async () => {
    const page = await openList();
    const all = await count(page);
    const today = await page.locator('.day-head time').first().getAttribute('datetime');
    await page.getByText('More ways to find').click();
    await page.getByLabel('From', { exact: true }).fill(today ?? '');
    await page.getByLabel('Until', { exact: true }).fill(today ?? '');
    await expectCount(page, (some) => some > 0 && some <= all);
    await page.getByLabel('From', { exact: true }).fill('2001-01-01');
    await page.getByLabel('Until', { exact: true }).fill('2001-01-02');
    await expectCount(page, (some) => some === 0);
  });

  it('opens a shared address as it was', async () => {
    const page = await openList({}, '#purpose=emergency');
    await expectCount(page, (some) => some === 2);
    await page.locator('.badge-emergency').nth(1).waitFor();
    expect(await page.locator('.badge-emergency').count()).toBe(2);
  });

  it('leads from the summary to what stands out', async () => {
    const page = await openList();
    await page.getByRole('link', { name: '2 emergencies' }).click();
    await expectCount(page, (some) => some === 2);
    // The page shows, part by part, what narrows the list, and each part can be taken away.
    const since = page.getByRole('button', { name: /^Take away: From: / });
    await since.waitFor();
    await page.getByRole('button', { name: 'Take away: Reason: emergency' }).click();
    await expectCount(page, (some) => some > 2);
    expect(page.url()).toMatch(/#from=[\d-]+$/);
    expect(await hasFocus(since)).toBe(true);
    await since.click();
    await page.locator('.chip').waitFor({ state: 'detached' });
    expect(await page.evaluate<string>('document.activeElement.type')).toBe('search');
  });
});

describe('the chart', () => {
  it('narrows by a week and by what a colour stands for, and is there as a table', async () => {
    const page = await openList();
    const all = await count(page);
    const last = page.locator('.bar').last();
    expect(await last.getAttribute('aria-label')).toMatch(
      /^Week from .+: \d+ accesses, 2 emergencies,? and \d+ withheld wholly or in part$/,
    );
    await last.click();
    await page.waitForURL(/from=.*&to=/);
    await expectCount(page, (some) => some === all);
    await page.locator('.bar').first().click();
    await expectCount(page, (some) => some === 0);
    await page.goBack();
    await page.goBack();
    const south = page.getByRole('button', { name: 'South Clinic', exact: true });
    await south.click();
    await expectCount(page, (some) => some > 0 && some < all);
    expect(await south.getAttribute('aria-pressed')).toBe('true');
    await south.click();
    await expectCount(page, (some) => some === all);
    const emergencies = page.getByRole('button', { name: 'Emergency', exact: true });
    await emergencies.click();
    await expectCount(page, (some) => some === 2);
    await emergencies.click();
    // Wholly or in part, as the chart counts them.
    const refused = Number(/and (\d+) withheld/.exec((await last.getAttribute('aria-label')) ?? '')?.[1]);
    await page.getByRole('button', { name: 'Withheld wholly or in part', exact: true }).click();
    await expectCount(page, (some) => some === refused && some < all);
    await page.goBack();
    await expectCount(page, (some) => some === all);
    await page.getByRole('radio', { name: 'By reason' }).check();
    await page.getByRole('button', { name: 'billing', exact: true }).click();
    await expectCount(page, (some) => some === 2);
    await page.getByRole('button', { name: 'Take away: Reason: billing' }).click();
    await expectCount(page, (some) => some === all);
    expect(await bars(page)).toEqual([...Array<number>(11).fill(0), 1]);
    await page.getByRole('button', { name: 'As a table' }).click();
    const row = page.getByRole('row').nth(1);
    await row.getByRole('cell').first().waitFor();
    expect(await row.getByRole('cell').allInnerTexts()).toContain(String(all));
  });
});

describe('keeping a copy', () => {
  it('saves JSON and CSV of what a filter leaves, with the ledger position', async () => {
    const page = await openList({}, '#outcome=partial');
    const partly = await count(page);
    await page.goto('/keep#outcome=partial');
    await page.getByText('Result: Only a part was released').waitFor();
    const json = JSON.parse(await download(page, 'Save as JSON')) as {
      count: number;
      entries: unknown[];
      ledger: { completeToBlock: number };
    };
    expect(json).toMatchObject({ count: partly, filter: { outcome: 'partial' } });
    expect(json.entries).toHaveLength(partly);
    expect(json.ledger.completeToBlock).toBeGreaterThan(0);
    await page.getByText(`${String(partly)} entries saved.`).waitFor();
    const csv = await download(page, 'Save as CSV');
    expect(csv.split('\r\n')[0]).toContain('at,holder,organisation');
    expect(csv).toContain(
      `# ${String(partly)} entries, only entries that fit {""outcome"":""partial""}, complete up to ledger position ${String(json.ledger.completeToBlock)}`,
    );
  });

  it('prints the list itself without what is only for the screen', async () => {
    const page = await openList();
    await page.locator('.bars').waitFor();
    await until(page, "[...document.styleSheets].some((sheet) => sheet.href?.includes('print'))");
    await page.emulateMedia({ media: 'print' });
    for (const selector of ['.top', '.foot', '.find', '.list-side', '.results-keep']) {
      expect(await page.locator(selector).isVisible()).toBe(false);
    }
    expect(await page.locator('.visit').first().isVisible()).toBe(true);
    const complete = page.getByText(/^Complete up to ledger position/).filter({ visible: true });
    expect(await complete.count()).toBeGreaterThan(0);
  });

  it('prints every entry with what it reflects, and nothing to click', async () => {
    const page = await openList({ viewport: PHONE });
    const all = await count(page);
    await page.goto('/keep');
    await page.getByRole('link', { name: 'Print or save as PDF' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(all + 1);
    expect(await page.locator('.print-facts').innerText()).toMatch(
      new RegExp(`For: Liz Conn[\\s\\S]*${String(all)} entries\\. Complete up to ledger position \\d+`),
    );
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false);
    expect((await page.pdf({ format: 'A4' })).subarray(0, 4).toString()).toBe('%PDF');
    // On A4 nothing is cut off, and a table's head stands on each page.
    await page.setViewportSize({ width: 690, height: 1000 });
    expect(
      await page.evaluate<number>("document.querySelector('.print-table').scrollWidth"),
    ).toBeLessThanOrEqual(690);
    expect(
      await page.evaluate<string>("getComputedStyle(document.querySelector('.print-table thead')).display"),
    ).toBe('table-header-group');
  });
});

describe('the page’s protection', () => {
  it('allows no inline script, no eval, no markup from text, and no other origin', async () => {
    const page = await openList();
    const response = await page.request.get('/');
    const policy = response.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe-(inline|eval)/);
    const script = /(\/assets\/libraries-[^"]+\.js)"/.exec(await response.text())?.[1] ?? '';
    expect((await page.request.get(script)).headers()).toMatchObject({ 'content-encoding': 'br' });
    expect(await response.text()).not.toMatch(/<script(?![^>]*\bsrc=)|<style| style=| on\w+=/);
    expect(
      await page.evaluate<string>(
        "try { document.createElement('p').innerHTML = '<b>x</b>'; 'allowed' } catch (error) { error.name }",
      ),
    ).toBe('TypeError');
    suite.opened = {
      ...suite.opened,
      troubles: suite.opened.troubles.filter((trouble) => !trouble.includes('TrustedHTML')),
    };
  });
});

/** How high each week's bar is, as a share of the plot below its marks. */
async function bars(page: Page): Promise<readonly number[]> {
  return await page.evaluate<number[]>(
    "[...document.querySelectorAll('.bar-stack')].map((e) => Math.round((e.offsetHeight / e.parentElement.offsetHeight) * 100) / 100)",
  );
}

async function optionStarting(page: Page, label: string, start: string): Promise<string> {
  const field = page.getByRole('combobox', { name: label, exact: true });
  await field.waitFor();
  const options = await field.locator('option').allInnerTexts();
  const found = options.find((option) => option.replace(/[\u2066-\u2069]/g, '').startsWith(start));
  if (found === undefined) {
    throw new Error(`no option "${start}" among ${options.join(' | ')}`);
  }
  return found;
}

async function expectCount(page: Page, isRight: (count: number) => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await page
      .locator('.results-count')
      .innerText({ timeout: 10_000 })
      .catch(() => '');
    if (found !== '' && isRight(Number.parseInt(found, 10))) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`the list shows ${found}`);
    }
    await page.waitForTimeout(50);
  }
}

async function expectGone(page: Page, text: string): Promise<void> {
  await page.locator('.results').getByText(text, { exact: true }).first().waitFor({ state: 'detached' });
}

async function download(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFileSync(await file.path(), 'utf8');
}
