// SPDX-License-Identifier: Apache-2.0
import type { Locator, Page } from 'playwright-core';
import {
  accessibilityFaults,
  focused,
  hasFocus,
  isWiderThanScreen,
  PHONE,
  signIn,
  tabTo,
  watchPage,
} from './support/browser';
import { access, patientOf } from './support/product';
import { startSuite } from './support/suite';

const NORTH = 'NorthHospitalMSP';
const SOUTH = 'SouthClinicMSP';
const ADA = { id: 'urn:test:ada', name: 'Dr. Ada Example', role: 'doctor' };
const CAT = { id: 'urn:test:cat', name: 'Dr. Cat Example', role: 'doctor' };
const BEN = { id: 'urn:test:ben', name: 'Dr. Ben Example', role: 'doctor' };

const suite = startSuite();

async function open(
  username: string,
  path: string,
  options: Parameters<typeof suite.open>[0] = {},
): Promise<Page> {
  await suite.open(options);
  await signIn(suite.opened.page, patientOf(suite.product.demo, username), path);
  await suite.opened.page.getByRole('heading', { level: 1 }).waitFor();
  return suite.opened.page;
}

/** Asks for the patient's observations and says whether anything came. */
async function isReleased(
  username: string,
  by: string,
  practitioner: typeof ADA,
  purpose = 'TREAT',
  reason?: string,
): Promise<boolean> {
  const patient = patientOf(suite.product.demo, username);
  const errand = { practitioner, purpose, ...(reason !== undefined && { reason }) };
  return (await access(suite.product.demo, patient, { by, path: 'Patient/{id}', ...errand })) === 200;
}

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });

/** From the editor over the review, with the warning accepted where there is one, to the saved consent. */
async function saveDraft(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Look at what changes' }).click();
  await save(page).waitFor();
  if ((await accept(page).count()) > 0) {
    await accept(page).check();
  }
  await save(page).click();
  await page.getByText(/Saved as version/).waitFor();
}
const accept = (page: Page) =>
  page.getByRole('checkbox', { name: 'I understand what this can mean, and I want to save it.' });

describe('what holds now', () => {
  it('is told in words, also before anything was decided', async () => {
    const page = await open('edward', '/consent');
    await page.getByText('You have not decided anything yet.').waitFor();
    await suite.opened.context.close();
    const other = await open('liz', '/consent');
    await other.getByText('Everybody at South Clinic may see all my data for treatment').waitFor();
    expect(
      await other
        .getByText('Nobody may see data about sexuality and reproduction, not even in an emergency')
        .count(),
    ).toBe(1);
  });
});

describe('block this person', () => {
  it('goes from an entry over the preview and the warning to the next request refused, by keyboard alone', async () => {
    expect(await isReleased('ned', SOUTH, ADA)).toBe(true);
    const page = await open('ned', '/');
    await tabTo(page, page.getByRole('link', { name: ADA.name }).first());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /asked for your data/ }).waitFor();
    await tabTo(page, page.getByRole('link', { name: 'Block this person' }));
    await page.keyboard.press('Enter');
    await page.getByText(`New: ${ADA.name} may not see any of my data`).waitFor();
    await page.getByText('Your change would refuse 1 of them wholly or in part').waitFor();
    expect(await page.locator('.preview').innerText()).toMatch(
      /both tried on the \d+ accesses of the last 90 days/,
    );
    expect(await page.locator('.example').innerText()).toContain(
      'As it holds today: allowed. With your change: refused.',
    );
    const warning = await page.locator('.notice-warning').innerText();
    expect(warning).toContain(`${ADA.name} will not be able to see any of your data.`);
    expect(warning).not.toMatch(/nobody|save your life/i);
    await tabTo(page, save(page));
    await page.keyboard.press('Enter');
    await page.getByText('Tick the box to say that you understand what this can mean.').waitFor();
    expect(await page.evaluate<string>('document.activeElement.type')).toBe('checkbox');
    expect(await isReleased('ned', SOUTH, ADA)).toBe(true);

    await page.keyboard.press('Space');
    await tabTo(page, save(page));
    await page.keyboard.press('Enter');
    await page.getByText(/Saved as version 2/).waitFor();
    expect(await focused(page)).toBe('h1 Who may look at my record');
    expect(await isReleased('ned', SOUTH, ADA)).toBe(false);
    expect(await isReleased('ned', SOUTH, BEN)).toBe(true);

    await page.getByRole('link', { name: 'Who looked' }).click();
    await page.reload();
    const refused = page.locator('.visit', { hasText: ADA.name }).first();
    await refused.waitFor();
    expect(await refused.innerText()).toContain('Partly refused');
    await refused.getByRole('button').click();
    await refused.getByRole('listitem').first().getByRole('link').click();
    await page.getByText(`Refused by your rule “${ADA.name} may not see any of my data”`).waitFor();
    // Blocked already: it is said by which version and rule, and what is offered is only what that lacks.
    await page
      .getByText(
        `You block this person, by version 2 of your consent: “${ADA.name} may not see any of my data”.`,
      )
      .waitFor();
    expect(await page.getByRole('link', { name: 'Block this person', exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Block this person in an emergency too' }).click();
    await page
      .getByText(`${ADA.name} will not be able to see any of your data, not even in an emergency`)
      .waitFor();
    await page.getByText('Your change makes no difference to any of them.').waitFor();
  });

  it('takes four clicks from the entry at most, in an emergency too, and opens nothing that was closed', async () => {
    const emergency = 'Found unconscious in the street';
    expect(await isReleased('liz', SOUTH, BEN, 'BTG', emergency)).toBe(true);
    const page = await open('liz', '/');
    await page.getByRole('link', { name: BEN.name }).first().click();
    let clicks = 0;
    const click = async (what: Locator): Promise<void> => {
      clicks += 1;
      await what.click();
    };
    await click(page.getByRole('link', { name: 'Block this person' }));
    await click(page.getByRole('checkbox', { name: /Also in an emergency/ }));
    await page
      .getByText(`${BEN.name} will not be able to see any of your data, not even in an emergency`)
      .waitFor();
    await click(accept(page));
    await click(save(page));
    expect(clicks).toBeLessThanOrEqual(4);
    await page.getByText(/Saved as version 2/).waitFor();
    expect(
      await page
        .getByText('Nobody may see data about sexuality and reproduction, not even in an emergency')
        .count(),
    ).toBe(1);
    expect(await isReleased('liz', SOUTH, BEN, 'BTG', emergency)).toBe(false);
    // A colleague is let in as before.
    expect(await isReleased('liz', SOUTH, CAT, 'BTG', emergency)).toBe(true);
  });
});

describe('禁止此机构查看 (block this organisation)', () => {
  it('is the first decision of somebody who has made none, in Chinese on a phone', async () => {
    expect(await isReleased('edward', NORTH, BEN)).toBe(true);
    const page = await open('edward', '/', { viewport: PHONE, locale: 'zh-CN' });
    await page.locator('.visit', { hasText: BEN.name }).getByRole('link').click();
    await page.getByText('已允许：当时您还没有作出任何决定').waitFor();
    await page.getByRole('link', { name: '禁止此机构查看' }).click();
    await page.getByText('新增：North Hospital的任何人都不可以查看我的任何数据').waitFor();
    await page.getByText(/您的更改会使其中 \d+ 次被全部或部分拒绝/).waitFor();
    await page.getByText('North Hospital的任何人都将无法查看您的任何数据。').waitFor();
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('请先勾选“我已阅读并了解上述后果”。').waitFor();
    await page.getByRole('checkbox', { name: '我已阅读并了解上述后果，仍要这样设置。' }).check();
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('已保存为第 1 版，即刻生效。').waitFor();
    // What held before it was decided is kept, as what it is.
    expect(await page.locator('.preset-name').innerText()).toBe('医疗协作网络的一般规则');
    expect(await isReleased('edward', NORTH, BEN)).toBe(false);
    expect(await isReleased('edward', NORTH, BEN, 'BTG', 'Found unconscious in the street')).toBe(true);
    await page.getByRole('link', { name: '谁看过' }).click();
    await page.reload();
    await page.locator('.visit', { hasText: '紧急' }).filter({ hasText: BEN.name }).getByRole('link').click();
    await page.getByText('此次因紧急情况未按您的规则执行。').waitFor();
    expect(await page.locator('.why').innerText()).toContain(
      '否则您的规则“North Hospital的任何人都不可以查看我的任何数据”会拒绝。',
    );
  });
});

describe('the editor', () => {
  it('blocks a kind of data for everybody for a period, by keyboard alone', async () => {
    const page = await open('alberto', '/consent/edit');
    const add = page.getByRole('button', { name: 'Add an exception' });
    await add.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'New exception' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Add an exception');

    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Add to my changes' }).press('Enter');
    await dialog.getByText('Choose a person.').waitFor();
    expect(await page.evaluate<string>('document.activeElement.dataset.field')).toBe('user');

    await dialog.getByRole('radio', { name: 'Everybody', exact: true }).press('Space');
    await dialog.getByRole('radio', { name: 'Sensitive subjects' }).press('Space');
    await dialog.getByRole('checkbox', { name: 'HIV' }).press('Space');
    await dialog.getByRole('radio', { name: 'From now on, until a day' }).press('Space');
    await dialog.locator('input[type=date]').fill('2091-12-31');
    await dialog.getByText('Nobody may see data about HIV, until 31 Dec 2091').waitFor();
    await dialog.getByRole('radio', { name: 'For a time that I choose' }).press('Space');
    await dialog.getByRole('button', { name: 'Add to my changes' }).press('Enter');
    await dialog.getByText('Choose the first day.').waitFor();
    await dialog.getByLabel('From the beginning of').fill('2091-12-01');
    await dialog.getByText('Nobody may see data about HIV, from 1 Dec 2091 until 31 Dec 2091').waitFor();
    await dialog.getByRole('button', { name: 'Add to my changes' }).press('Enter');
    await page.getByText('1 change, not saved yet').waitFor();

    const rule = page.locator('.rule', { hasText: 'HIV' });
    const places = () => page.locator('.rules-edit .rule').allInnerTexts();
    const at = async () => (await places()).findIndex((text) => text.includes('HIV'));
    const before = await at();
    await rule.getByRole('button', { name: 'Move down' }).press('Enter');
    expect(await at()).toBe(before + 1);
    expect(await focused(page)).toBe('button Move down');
    expect(await hasFocus(rule.locator(':focus'))).toBe(true);
    expect(await rule.innerText()).toContain('not yet in force');
    await rule.getByRole('button', { name: 'Move up' }).press('Enter');
    expect(await at()).toBe(before);
    // Discarded by mistake: they come back, and the focus is never lost.
    await page.getByRole('button', { name: 'Discard my changes' }).press('Enter');
    await page.getByText('Your changes are discarded.').waitFor();
    expect(await focused(page)).toBe('button Bring them back');
    await page.keyboard.press('Enter');
    await page.getByText('1 change, not saved yet').waitFor();
    expect(await focused(page)).toBe('a Look at what changes');
    await rule.getByRole('button', { name: 'Remove' }).press('Enter');
    await page.getByText('You have not changed anything yet.').waitFor();
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Exceptions');
  });

  it('closes and opens the record by a preset, history and all, and brings a version back', async () => {
    const page = await open('chet', '/consent/edit', { viewport: PHONE });
    expect(await isWiderThanScreen(page)).toBe(false);
    await page.getByRole('radio', { name: /Closed, even in an emergency/ }).check();
    await page.getByRole('link', { name: 'Look at what changes' }).click();
    await page.getByText(/nobody will be able to see your record, not even in an emergency/).waitFor();
    await page
      .getByText(/would refuse \d+ of them wholly or in part|makes no difference to any of them/)
      .first()
      .waitFor();
    expect(await isWiderThanScreen(page)).toBe(false);
    await accept(page).check();
    await save(page).click();
    await page.getByText(/Saved as version 2/).waitFor();

    await page.getByRole('link', { name: 'Earlier versions' }).click();
    await page
      .getByText('In general: “Closed, except in an emergency” → “Closed, even in an emergency”')
      .waitFor();
    await page.getByRole('link', { name: 'See version 1' }).click();
    await page.getByText(/It held from .+ until/).waitFor();
    await page.getByRole('button', { name: 'Bring this version back' }).click();
    await page
      .getByText('In general: “Closed, even in an emergency” → “Closed, except in an emergency”')
      .waitFor();
    // Opening needs no warning.
    expect(await accept(page).count()).toBe(0);
    await save(page).click();
    await page.getByText(/Saved as version 3/).waitFor();
    expect(await isReleased('chet', SOUTH, BEN, 'BTG', 'Found unconscious in the street')).toBe(true);
  });
});

describe('what is saved holds for the next request', () => {
  const elsewhere = (holder: string): string => (holder === NORTH ? SOUTH : NORTH);

  it('only the hospital that keeps the record', async () => {
    const { hospital } = patientOf(suite.product.demo, 'alberto');
    const page = await open('alberto', '/consent/edit');
    await page.getByRole('radio', { name: /Open to those who say they treat me/ }).check();
    await saveDraft(page);
    expect(await isReleased('alberto', elsewhere(hospital), BEN)).toBe(true);

    await page.getByRole('link', { name: 'Change who may look' }).click();
    await page.getByRole('radio', { name: /Only the hospital that keeps the record/ }).check();
    await saveDraft(page);
    expect(await isReleased('alberto', hospital, BEN)).toBe(true);
    expect(await isReleased('alberto', elsewhere(hospital), BEN)).toBe(false);
    // An emergency still opens it, as the warning said.
    expect(await isReleased('alberto', elsewhere(hospital), BEN, 'BTG', 'Found unconscious at home')).toBe(
      true,
    );
  });

  it('a kind of data, until a day', async () => {
    const page = await open('alberto', '/consent/edit');
    await page.getByRole('button', { name: 'Add an exception' }).click();
    const dialog = page.getByRole('dialog', { name: 'New exception' });
    await dialog.getByRole('radio', { name: 'Everybody', exact: true }).check();
    await dialog.getByRole('radio', { name: 'Kinds of data' }).check();
    await dialog.getByRole('checkbox', { name: 'measurements and laboratory results' }).check();
    await dialog.getByRole('radio', { name: 'From now on, until a day' }).check();
    await dialog.getByLabel('Until the end of').fill('2091-12-31');
    await dialog.getByRole('button', { name: 'Add to my changes' }).click();
    await saveDraft(page);
    const alberto = patientOf(suite.product.demo, 'alberto');
    // A search for what is withheld finds nothing, and does not say that there is something.
    for (const path of ['Observation?patient={id}', 'Condition?patient={id}']) {
      const errand = { by: alberto.hospital, path, practitioner: CAT, purpose: 'TREAT' };
      expect(await access(suite.product.demo, alberto, errand)).toBe(200);
    }
    await page.goto('/');
    const visit = page.locator('.visit', { hasText: CAT.name });
    await visit.locator('.visit-count', { hasText: '2 requests' }).waitFor();
    await visit.getByRole('button').click();
    const asked = (kind: string) => visit.getByRole('listitem').filter({ hasText: kind });
    await asked('Measurements and laboratory results').getByText('Refused', { exact: true }).waitFor();
    expect(await asked('Diagnoses and problems').innerText()).not.toContain('Refused');
    await asked('Measurements and laboratory results').getByRole('link').click();
    await page
      .getByText(
        'Refused by your rule “Nobody may see measurements and laboratory results, until 31 Dec 2091”',
      )
      .waitFor();
  });
});

describe('a change made elsewhere', () => {
  it('is shown, and both changes are kept when the patient wants it so', async () => {
    const first = await open('liz', '/consent/edit');
    const second = watchPage(await suite.opened.context.newPage(), suite.product.demo.portalUrl);
    await second.page.goto('/consent/edit');

    await first
      .locator('.rule', { hasText: 'Everybody at South Clinic' })
      .getByRole('button', { name: 'Remove' })
      .click();
    await second.page.getByRole('radio', { name: /Closed, even in an emergency/ }).check();
    await second.page.getByRole('link', { name: 'Look at what changes' }).click();

    await first.getByRole('link', { name: 'Look at what changes' }).click();
    await accept(first).check();
    await save(first).click();
    await first.getByText(/Saved as version 3/).waitFor();

    await accept(second.page).check();
    await save(second.page).click();
    const conflict = second.page.locator('.conflict');
    await conflict.getByRole('heading', { name: 'Your consent was changed elsewhere meanwhile' }).waitFor();
    expect(await conflict.innerText()).toContain(
      'Removed: Everybody at South Clinic may see all my data for treatment',
    );
    expect(await conflict.innerText()).toContain(
      'In general: “Closed, except in an emergency” → “Closed, even in an emergency”',
    );
    expect(await accessibilityFaults(second.page)).toEqual([]);
    await conflict.getByRole('button', { name: 'Keep both' }).click();
    expect(await focused(second.page)).toBe('h1 Before you save');
    await accept(second.page).check();
    await save(second.page).click();
    await second.page.getByText(/Saved as version 4/).waitFor();
    const words = await second.page.locator('.arrangement').innerText();
    expect(words).toContain('Closed, even in an emergency');
    expect(words).not.toContain('South Clinic');
    expect(second.troubles).toEqual([]);
  });
});

describe('the session', () => {
  it('may end in the middle of an edit: the draft waits, hidden, for the next sign-in', async () => {
    const page = await open('buster', '/consent/edit');
    await page.getByRole('radio', { name: /Open to those who say they treat me/ }).check();
    await page.getByText(/not saved yet/).waitFor();
    const cookies = await suite.opened.context.cookies();
    await suite.opened.context.clearCookies();
    await page.getByRole('link', { name: 'Look at what changes' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await page.getByText('Your unsaved changes are kept in this tab.').waitFor();
    expect(await page.getByText('Buster').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(cookies.length).toBeGreaterThan(0);

    const popup = suite.opened.context.waitForEvent('page');
    await page.getByRole('link', { name: 'Sign in in a new tab' }).click();
    const tab = await popup;
    const buster = patientOf(suite.product.demo, 'buster');
    await tab.getByLabel('User name').fill(buster.username);
    await tab.getByLabel('Password').fill(buster.password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('heading', { name: 'Welcome back' }).waitFor();
    await page.getByRole('heading', { name: 'Before you save' }).waitFor();
    await page.getByText(/In general: .+ → “Open to those who say they treat me”/).waitFor();
    await save(page).click();
    await page.getByText(/Saved as version 2/).waitFor();
  });

  it('may end while an exception is being filled in: the form waits too, and is asked about before a sign-out', async () => {
    const page = await open('buster', '/consent/edit');
    await page.getByRole('button', { name: 'Add an exception' }).click();
    const dialog = page.getByRole('dialog', { name: 'New exception' });
    await dialog.getByRole('radio', { name: 'Everybody with a role' }).check();
    await dialog.getByLabel('Role', { exact: true }).selectOption('nurse');
    const tab = await suite.opened.context.newPage();
    await tab.goto('/consent');
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await page.getByText('Your unsaved changes are kept in this tab.').waitFor();
    await signIn(tab, patientOf(suite.product.demo, 'buster'), '/signed-in');
    await dialog.getByText('Nobody with the role “nurse” may see any of my data').waitFor();
    await dialog.getByRole('button', { name: 'Add to my changes' }).click();
    await page.getByText('1 change, not saved yet').waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    const asked = page.getByRole('dialog', { name: 'Sign out and lose your changes?' });
    await asked.getByRole('button', { name: 'Stay signed in' }).click();
    await page.getByText('1 change, not saved yet').waitFor();
    expect(await focused(page)).toBe('button Sign out');
    await page.keyboard.press('Enter');
    await asked.getByRole('button', { name: 'Sign out and discard' }).click();
    await page.getByRole('heading', { name: 'See who opened your medical record' }).waitFor();
  });

  it('does not hand the draft to somebody else who signs in', async () => {
    const page = await open('buster', '/consent/edit');
    await page.getByRole('radio', { name: /Closed, except in an emergency/ }).check();
    await page.getByText(/not saved yet/).waitFor();
    await suite.opened.context.clearCookies();
    await page.getByRole('link', { name: 'Look at what changes' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    const tab = await suite.opened.context.newPage();
    await signIn(tab, patientOf(suite.product.demo, 'ned'), '/signed-in');
    await page.getByText('There is nothing to save: no change of yours is waiting here.').waitFor();
    expect(await page.getByText('Closed, except in an emergency').count()).toBe(0);
  });

  it('warns before it ends, also without a connection', async () => {
    await suite.open();
    const { page } = suite.opened;
    await page.clock.install();
    const warning = page.waitForResponse(/\/SessionWarning-/);
    // The parts come one after the other: with this one, the page of a session's end is there.
    const afterEnd = page.waitForResponse(/\/NotFound-/);
    await signIn(page, patientOf(suite.product.demo, 'ned'), '/consent/edit');
    // The warning is loaded a little after the page, the other pages when somebody uses it; without a
    // connection both must be there.
    await page.getByRole('button', { name: 'Add an exception' }).waitFor();
    await page.mouse.move(200, 200);
    await page.mouse.move(210, 210);
    await (await warning).finished();
    await (await afterEnd).finished();
    await page.getByRole('button', { name: 'Add an exception' }).click();
    // The server ends an idle session after 30 minutes. Its own clock stands still here: an answer would set
    // this one right again.
    await suite.opened.context.setOffline(true);
    await page.clock.fastForward('28:30');
    // Also where a dialog makes the page behind it unreachable.
    await page.getByRole('dialog').getByText('Your session ends soon').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Stay signed in' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('main').getByText('Your session ends soon').waitFor();
    await page.clock.fastForward('02:00');
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
  });

  it('that ends in one tab ends in the others', async () => {
    const page = await open('ned', '/');
    const tab = watchPage(await suite.opened.context.newPage(), suite.product.demo.portalUrl);
    await tab.page.goto('/consent');
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    expect(await page.getByText('Ned Hintz').count()).toBe(0);
  });
});
