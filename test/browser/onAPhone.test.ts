// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { accessibilityFaults, beyondScreen, PHONE, signIn, until, watchPage } from './support/browser';
import { patientOf } from './support/product';
import { startSuite } from './support/suite';

const suite = startSuite();

async function open(username: string, path = '/'): Promise<Page> {
  await suite.open({ viewport: PHONE, locale: 'zh-CN' });
  await signIn(suite.opened.page, patientOf(suite.product.demo, username), path);
  await suite.opened.page.getByRole('heading', { level: 1 }).waitFor();
  return suite.opened.page;
}

const count = async (page: Page): Promise<number> =>
  Number.parseInt(/\d+/.exec(await page.locator('.results-count').innerText())?.[0] ?? '', 10);

describe('at 390 px, in Chinese', () => {
  it('a filter, a week of the chart and what narrows the list are chosen and taken away', async () => {
    const page = await open('liz');
    await page.locator('.visit').first().waitFor();
    const all = await count(page);
    await page.getByText('最近 12 周', { exact: true }).click();
    await page.locator('.bar').first().click();
    await page.getByText('没有符合的记录').waitFor();
    await page
      .getByRole('button', { name: '显示全部' })
      .or(page.getByRole('link', { name: '显示全部' }))
      .first()
      .click();
    await until(page, `document.querySelector('.results-count').textContent.includes('${String(all)}')`);
    await page.getByRole('button', { name: /更多查找方式/ }).click();
    await page.getByLabel('结果').selectOption('deny');
    await page.getByRole('button', { name: /取消：\s*结果/ }).waitFor();
    // While the narrowed list is on its way, there is no number.
    await until(
      page,
      `Number.parseInt(/\\d+/.exec(document.querySelector('.results-count').textContent)?.[0], 10) < ${String(all)}`,
    );
    expect(await beyondScreen(page)).toEqual([]);
    await page.getByRole('button', { name: /取消：\s*结果/ }).click();
    await until(page, `document.querySelector('.results-count').textContent.includes('${String(all)}')`);
  });

  it('a copy is saved', async () => {
    const page = await open('liz', '/keep');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '存为 CSV' }).click(),
    ]);
    const text = readFileSync(await file.path(), 'utf8');
    expect(text).toContain('every entry, complete up to ledger position');
    await page.getByText(/已保存 \d+ 条记录。/).waitFor();
    expect(await beyondScreen(page)).toEqual([]);
  });

  it('a conflict is told, read and resolved by keyboard', async () => {
    const first = await open('chet', '/consent/edit');
    const second = watchPage(await suite.opened.context.newPage(), suite.product.demo.portalUrl);
    await second.page.goto('/consent/edit');
    await second.page.getByRole('radio', { name: /关闭，紧急情况也不例外/ }).check();
    await second.page.getByRole('link', { name: '查看将有什么变化' }).click();

    await first.getByRole('radio', { name: /对声明为我诊疗的人员开放/ }).check();
    await first.getByRole('link', { name: '查看将有什么变化' }).click();
    await first.getByRole('button', { name: '保存', exact: true }).click();
    await first.getByText(/已保存为第 2 版/).waitFor();

    const { page } = second;
    await page.getByRole('checkbox', { name: '我已阅读并了解上述后果，仍要这样设置。' }).press('Space');
    await page.getByRole('button', { name: '保存', exact: true }).press('Enter');
    await page.getByRole('heading', { name: '您的授权已在别处被更改' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await beyondScreen(page)).toEqual([]);
    await page.getByText('有 1 处两边的更改不同').waitFor();
    await page.getByRole('button', { name: '只保留我的' }).press('Enter');
    await page.getByRole('checkbox', { name: '我已阅读并了解上述后果，仍要这样设置。' }).press('Space');
    await page.getByRole('button', { name: '保存', exact: true }).press('Enter');
    await page.getByText(/已保存为第 3 版/).waitFor();
    expect(await page.locator('.preset-name').innerText()).toBe('关闭，紧急情况也不例外');

    // And back, by keyboard too.
    await page.getByRole('link', { name: '以前的版本' }).press('Enter');
    await page.getByRole('link', { name: '查看第 2 版' }).press('Enter');
    await page.getByRole('button', { name: '恢复此版本' }).press('Enter');
    await page.getByRole('button', { name: '保存', exact: true }).press('Enter');
    await page.getByText(/已保存为第 4 版/).waitFor();
    expect(await page.locator('.preset-name').innerText()).toBe('对声明为我诊疗的人员开放');
    expect(second.troubles).toEqual([]);
  });

  it('a draft leaves nothing in the browser’s storage, and is there after a reload of the review', async () => {
    const page = await open('edward', '/consent/edit');
    await page.getByRole('radio', { name: /只对保存病历的医院开放/ }).check();
    await page.getByRole('link', { name: '查看将有什么变化' }).waitFor();
    expect(await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')).toBe('[{},{}]');
    const isAsked = page.waitForEvent('dialog').then((dialog) => dialog.accept());
    await page.reload();
    await isAsked;
    await page.getByRole('radio', { name: /只对保存病历的医院开放/, checked: true }).waitFor();
    await page.getByRole('link', { name: '查看将有什么变化' }).click();
    await page.getByRole('button', { name: '保存', exact: true }).waitFor();
    const isAskedAgain = page.waitForEvent('dialog').then((dialog) => dialog.accept());
    await page.reload();
    await isAskedAgain;
    await page.getByRole('button', { name: '保存', exact: true }).waitFor();
    expect(await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')).toBe('[{},{}]');
    // Who leaves the page, and was asked, has given it up.
    const isLeaving = page.waitForEvent('dialog').then((dialog) => dialog.accept());
    await page.goto('about:blank');
    await isLeaving;
    await page.goto('/consent/review');
    await page.getByText('没有需要保存的内容').waitFor();
    expect(await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')).toBe('[{},{}]');
  });
});

it('says who keeps the ledger that runs here: one party in this demonstration', async () => {
  const page = await open('liz');
  await page.getByText('这是什么意思？').click();
  await page.getByText('没有其他机构保存副本').waitFor();
  expect(await page.getByText('各机构保存同一份账本').count()).toBe(0);
});

describe('the page that asks for the password', () => {
  it.each([
    ['en-GB', 'The user name or the password is not right.'],
    ['zh-CN', '用户名或密码不正确。'],
  ])('has no accessibility fault, nor when it refuses: %s', async (locale, refusal) => {
    await suite.open({ viewport: PHONE, locale });
    const { page } = suite.opened;
    await page.goto('/auth/login?returnTo=%2F');
    await page.locator('input[name="password"]').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('input[name="username"]').fill('ned');
    await page.locator('input[name="password"]').fill('not the password');
    await page.locator('input[name="password"]').press('Enter');
    await page.getByText(refusal).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await beyondScreen(page)).toEqual([]);
  });
});
