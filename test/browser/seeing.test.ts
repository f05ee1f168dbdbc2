// SPDX-License-Identifier: Apache-2.0
import {
  accessibilityFaults,
  DESKTOP,
  focused,
  hasFocus,
  isWiderThanScreen,
  PHONE,
  signIn,
  tabTo,
  until,
} from './support/browser';
import { access, patientOf } from './support/product';
import { startSuite } from './support/suite';

const NORTH = 'NorthHospitalMSP';
const SOUTH = 'SouthClinicMSP';

const suite = startSuite();

async function openList(username: string, options: Parameters<typeof suite.open>[0] = {}) {
  await suite.open(options);
  await signIn(suite.opened.page, patientOf(suite.product.demo, username));
  await suite.opened.page.locator('.results').waitFor();
  return suite.opened.page;
}

describe('signing in and out', () => {
  it('says what this is, leads in, shows who is signed in, and leaves nothing behind', async () => {
    await suite.open();
    const { page, context } = suite.opened;
    await page.goto('/');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'See who opened your medical record',
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    const liz = patientOf(suite.product.demo, 'liz');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill(liz.username);
    await page.getByLabel('Password').fill(liz.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(liz.name, { exact: true }).waitFor();
    expect(await page.title()).toBe('Who looked at my record · Chartwitness');
    expect(await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])')).toBe('[{},{}]');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    expect(await page.getByText(liz.name).count()).toBe(0);
    expect((await context.request.get('/api/v1/me')).status()).toBe(401);
  });

  it('says that it needs JavaScript where there is none', async () => {
    await suite.open({ javaScriptEnabled: false });
    const { page } = suite.opened;
    await page.goto('/');
    expect(await page.locator('body').innerText()).toMatch(/needs JavaScript[^]*需要启用 JavaScript/);
  });

  it('comes back to the page that was wanted', async () => {
    await suite.open();
    const { page } = suite.opened;
    await page.goto('/consent');
    await page.getByRole('link', { name: 'Sign in' }).click();
    const liz = patientOf(suite.product.demo, 'liz');
    await page.getByLabel('User name').fill(liz.username);
    await page.getByLabel('Password').fill(liz.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Who may look at my record' }).waitFor();
  });
});

describe('the list', () => {
  it('names person, role, organisation, data, reason and time, and marks emergencies and refusals by words', async () => {
    const page = await openList('chet');
    const emergency = page.locator('.visit').filter({ hasText: 'Emergency' }).first();
    const text = await emergency.innerText();
    expect(text).toMatch(/\d\d:\d\d/);
    expect(text).toMatch(/Dr\. .+doctor.+South Clinic.+record at North Hospital/s);
    expect(text).toMatch(/\d+ measurements and laboratory results/);
    expect(text).toContain('“Unconscious on arrival');
    expect(await page.getByRole('listitem').filter({ hasText: 'Refused' }).count()).toBeGreaterThan(0);
    expect(
      await page
        .getByRole('listitem')
        .filter({ hasText: 'Automatic' })
        .filter({ hasText: 'Administration' })
        .count(),
    ).toBe(1);
    await page
      .locator('.summary')
      .filter({ hasText: /requests in the last 30 days, by \d people at 2 organisations/ })
      .waitFor();
  });

  it('folds a visit into one line that opens, and remembers it', async () => {
    const page = await openList('chet');
    const visit = page.locator('.visit', { hasText: '3 requests' }).first();
    const opener = visit.getByRole('button');
    expect(await opener.getAttribute('aria-expanded')).toBe('false');
    await opener.click();
    await visit.getByRole('listitem').nth(2).waitFor();
    expect(await visit.getByRole('listitem').count()).toBe(3);
    await visit.getByRole('listitem').last().getByRole('link').click();
    await page.getByRole('heading', { name: /asked for your data/ }).waitFor();
    await page.goBack();
    await page.locator('.visit-open').waitFor();
    const focused = await page.evaluate<boolean>(
      "document.activeElement?.matches('.visit-entry:last-child a') ?? false",
    );
    expect(focused).toBe(true);
  });

  it('tells how far it is complete and what that means', async () => {
    const page = await openList('chet');
    const me = (await (await suite.opened.context.request.get('/api/v1/me')).json()) as {
      list: { block: number };
    };
    const line = page.locator('.trust');
    expect(await line.innerText()).toContain(
      `Complete up to ledger position ${String(me.list.block)}. Checked:`,
    );
    await line.getByText('What does this mean?').click();
    // The demonstration's ledger has one keeper.
    await line.getByText('This installation keeps its ledger in one place').waitFor();
  });

  it('offers new entries without moving what is being read', async () => {
    const page = await openList('edward', { viewport: { width: 390, height: 400 } });
    const before = await page.locator('.visit').first().innerText();
    // Somebody is in the middle of the list, on a small screen.
    const last = page.locator('.visit').last();
    await last.scrollIntoViewIfNeeded();
    await page.mouse.move(200, 200);
    await page.mouse.wheel(0, 40);
    await until(page, 'window.scrollY > 300');
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const place = await last.boundingBox();
    const edward = patientOf(suite.product.demo, 'edward');
    const practitioner = { id: 'urn:oid:2.16.840.1.113883.4.6#999', name: 'Dr. Brand New', role: 'doctor' };
    for (const path of ['Observation?patient={id}', 'Condition?patient={id}']) {
      expect(
        await access(suite.product.demo, edward, { by: NORTH, path, practitioner, purpose: 'TREAT' }),
      ).toBe(200);
    }
    const show = page.getByRole('button', { name: 'Show 2 new entries' });
    await show.waitFor({ timeout: 40_000 });
    expect(await page.locator('.visit').first().innerText()).toBe(before);
    expect(await last.boundingBox()).toEqual(place);
    expect(((await show.boundingBox())?.y ?? 999) < 400).toBe(true);
    await show.click();
    await page.locator('.visit', { hasText: 'Dr. Brand New' }).waitFor();
    expect(await page.locator('.visit').first().innerText()).toContain('Dr. Brand New');
    expect(await page.locator('.visit').first().innerText()).toContain('2 requests');
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
  }, 90_000);

  it('shows a fresh account an explanation instead of an empty page', async () => {
    const page = await openList('clemente');
    await page.getByText('How to read this list').waitFor();
  });

  it('is folded on a phone: the list stands first, the chart and the explanation one step away', async () => {
    const page = await openList('liz', { viewport: PHONE });
    expect(await page.locator('.bars').count()).toBe(0);
    expect(await page.locator('.visit').first().isVisible()).toBe(true);
    await page.getByRole('heading', { name: 'The last 12 weeks' }).click();
    await page.locator('.bars').waitFor();
    await page.getByRole('heading', { name: 'How to read this list' }).click();
    await page.getByText('Refused: somebody asked and received nothing.').waitFor();
    const [fold, list] = await Promise.all([
      page.locator('.fold').last().boundingBox(),
      page.locator('.results').boundingBox(),
    ]);
    expect((fold?.y ?? 0) < (list?.y ?? 0)).toBe(true);
  });

  it('marks an access at night by a word and a shape, and a rare reason by its plain words', async () => {
    const ned = patientOf(suite.product.demo, 'ned');
    const practitioner = { id: 'urn:test:quality', name: 'Dr. Quality', role: 'dentist' };
    await access(suite.product.demo, ned, {
      by: SOUTH,
      path: 'Patient/{id}',
      practitioner,
      purpose: 'HQUALIMP',
    });
    // So many hours behind UTC it is past two at night, whenever the test runs.
    const behind = (new Date().getUTCHours() + 22) % 24;
    const timezoneId = behind <= 12 ? `Etc/GMT+${String(behind)}` : `Etc/GMT-${String(24 - behind)}`;
    const page = await openList('ned', { timezoneId });
    const row = page.locator('.visit', { hasText: 'Dr. Quality' });
    await row.getByText('Improvement of quality').waitFor();
    expect(await row.innerText()).toContain('dentist');
    const badge = row.locator('.badge', { hasText: 'Out of hours' });
    expect(await badge.locator('svg').count()).toBe(1);
  });

  it('is Chinese for a Chinese browser, and the choice is kept', async () => {
    const page = await openList('liz', { locale: 'zh-CN' });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('谁看过我的病历');
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.locator('.bars').waitFor();
    expect(await page.locator('.summary').innerText()).toMatch(/最近 30 天有 \d+ 次请求/);
    await page.getByLabel('语言').selectOption('en');
    await page.getByRole('heading', { name: 'Who looked at my record' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Who looked at my record' }).waitFor();
  });

  it('needs nobody to use a mouse', async () => {
    const page = await openList('chet');
    await page.getByRole('link', { name: 'Chartwitness' }).focus();
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('MAIN');
    await tabTo(page, page.getByRole('searchbox'));
    await page.keyboard.type('gleason');
    await page
      .getByText('1 filter is on')
      .or(page.getByRole('button', { name: 'Show everything' }))
      .first()
      .waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Show everything' }));
    await page.keyboard.press('Enter');
    const week = page.getByRole('button', { name: /^Week from .+ [1-9]\d* accesses/ });
    await tabTo(page, week, 'Shift+Tab');
    await page.keyboard.press('Enter');
    // A week has a first and a last day: the focus goes on from the one to the other, and then to the search.
    const lastDay = page.getByRole('button', { name: /^Take away: Until/ });
    await lastDay.waitFor();
    await tabTo(page, page.getByRole('button', { name: /^Take away: From/ }));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Take away: From/ }).waitFor({ state: 'detached' });
    expect(await hasFocus(lastDay)).toBe(true);
    await page.keyboard.press('Enter');
    await lastDay.waitFor({ state: 'detached' });
    expect(await focused(page)).toContain('input');
    await tabTo(page, page.locator('.visit', { hasText: '3 requests' }).first().getByRole('button'));
    await page.keyboard.press('Enter');
    await page.locator('.visit-entry a').first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /asked for your data/ }).waitFor();
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
    await tabTo(page, page.getByRole('link', { name: 'Back to the list' }));
    await page.keyboard.press('Enter');
    await page.locator('.visit-open').waitFor();
    await until(page, "document.activeElement.matches('.visit-entry a')");
  });
});

describe('one entry', () => {
  it('says why it was allowed, in the words of the rule that did it', async () => {
    const page = await openList('liz');
    await page
      .locator('.visit', { hasText: 'Dr. Pandora Weissnat' })
      .filter({ hasText: 'record at North' })
      .getByRole('link')
      .click();
    const why = page.locator('.why');
    await why.getByText(/Allowed by your rule/).waitFor();
    expect(await why.innerText()).toContain('“Everybody at South Clinic may see all my data for treatment”');
    expect(await why.innerText()).toMatch(/In force since .+\.\s+Version 1 of your consent, saved on/);
    await why.getByRole('link', { name: 'See your consent as it was then' }).click();
    await page.getByRole('heading', { name: 'Version 1' }).waitFor();
    expect(await page.locator('.rule', { hasText: 'decided that access' }).innerText()).toContain(
      'Everybody at South Clinic may see all my data for treatment',
    );
  });

  it.each([
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ])(
    'tells of an emergency who gave which reason, what that opened and what held (%s)',
    async (_name, viewport) => {
      const page = await openList('liz', { viewport });
      // On a phone it is further down than lines are drawn.
      await page.locator('.highlights').getByRole('link', { name: '2 emergencies' }).click();
      await page
        .locator('.visit', { hasText: 'Dr. Felicitas Kub' })
        .filter({ hasText: 'Emergency' })
        .getByRole('link')
        .click();
      const why = page.locator('.why');
      await why.getByText(/gave the reason/).waitFor();
      const text = await why.innerText();
      expect(text).toMatch(/Emergency: Dr\. .+ gave the reason “Unconscious on arrival/);
      expect(text).toContain(
        'No rule of yours was overridden: your setting allows it in an emergency. “Nobody may see data about sexuality and reproduction, not even in an emergency” still held.',
      );
      expect(text).toContain('Opened because of the emergency.');
      expect(text).toContain(
        'Refused by your rule “Nobody may see data about sexuality and reproduction, not even in an emergency”',
      );
      const [withheld, released] = await page.locator('.item-group').allInnerTexts();
      expect(withheld).toMatch(/^Withheld\s+Bills about sexuality and reproduction\s+1\s/);
      expect(released).toMatch(/^Released\s[\s\S]+Visits and stays\s+\d+\s/);
      expect(await page.locator('.entry-place').innerText()).toBe(
        'Doctor South Clinic record at North Hospital',
      );
      expect(await isWiderThanScreen(page)).toBe(false);
    },
  );

  it('says of a refusal what refused it', async () => {
    const page = await openList('chet');
    await page
      .locator('.visit', { hasText: 'Refused' })
      .filter({ hasNotText: 'Partly' })
      .first()
      .getByRole('link')
      .click();
    await page
      .getByText(/Refused: none of your exceptions fitted|Refused by your setting/)
      .first()
      .waitFor();
  });

  it('shows where it is written, and is not found for somebody else', async () => {
    const page = await openList('liz');
    await page.locator('.visit').first().getByRole('link').click();
    await page.getByText('Where this is written').click();
    expect(await page.locator('.ledger-place').innerText()).toMatch(/HospitalMSP\/|ClinicMSP\//);
    const path = new URL(page.url()).pathname;
    await suite.opened.context.close();
    const other = await openList('chet');
    await other.goto(path);
    await other.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    expect(await accessibilityFaults(other)).toEqual([]);
  });
});

describe('hostile names', () => {
  const NAMES = [
    '<img src=x onerror="window.hacked=true"><script>1</script>',
    'Dr &amp; "Right" </a>',
    `Dr ${'Verylongname'.repeat(24)}`.slice(0, 300),
    '👩 Dr Emoji 王小明 محمد',
  ];

  it('are shown as text, in their place, and the page keeps its form', async () => {
    const michael = patientOf(suite.product.demo, 'michael');
    for (const [at, name] of NAMES.entries()) {
      const practitioner = {
        id: `urn:test:hostile-${String(at)}`,
        name,
        role: at === 0 ? '"><b>' : 'doctor',
      };
      expect(
        await access(suite.product.demo, michael, {
          by: NORTH,
          path: 'Patient/{id}',
          practitioner,
          purpose: 'TREAT',
        }),
      ).toBe(200);
    }
    // What turns the direction of the text around it is refused before it is anybody's name.
    const turned = { id: 'urn:test:turned', name: 'Dr \u202Eelttik\u202C Right', role: 'doctor' };
    await expect(
      access(suite.product.demo, michael, {
        by: NORTH,
        path: 'Patient/{id}',
        practitioner: turned,
        purpose: 'TREAT',
      }),
    ).rejects.toThrow('subject_name');
    const reason = `${NAMES[0] ?? ''} \u202E${'why '.repeat(60)}`;
    const attacker = { id: 'urn:test:hostile-0', name: NAMES[0] ?? '', role: 'doctor' };
    await access(suite.product.demo, michael, {
      by: SOUTH,
      path: 'Patient/{id}',
      practitioner: attacker,
      purpose: 'BTG',
      reason,
    });
    const page = await openList('michael', { viewport: { width: 320, height: 700 } });
    await page
      .getByText(NAMES[0] ?? '')
      .first()
      .waitFor();
    for (const name of [NAMES[1] ?? '', NAMES[3] ?? '']) {
      await page.getByText(name).first().waitFor();
    }
    expect(await isWiderThanScreen(page)).toBe(false);
    expect(await page.locator('.results script, .results img, .results b').count()).toBe(0);
    await page.getByRole('link', { name: /Verylongname/ }).click();
    await page
      .getByRole('heading', { level: 1 })
      .filter({ hasText: NAMES[2] ?? '' })
      .waitFor();
    expect(await isWiderThanScreen(page)).toBe(false);
    expect(await accessibilityFaults(page)).toEqual([]);
    // In the choices of a filter, in a rule's sentence, in the review and on paper as well.
    await page.goto('/#user=urn:test:hostile-0');
    await page.locator('.chip', { hasText: 'onerror=' }).waitFor();
    await page.goto('/consent/edit');
    await page.getByRole('button', { name: 'Add an exception' }).click();
    const person = page.getByRole('dialog').getByLabel('Person', { exact: true });
    await person.locator('option', { hasText: 'onerror=' }).waitFor({ state: 'attached' });
    expect(
      Math.max(...(await person.locator('option').allInnerTexts()).map((text) => text.length)),
    ).toBeLessThan(90);
    await person.selectOption('urn:test:hostile-0');
    await page.getByRole('button', { name: 'Add to my changes' }).click();
    await page.getByRole('link', { name: 'Look at what changes' }).click();
    await page.getByText(`New: ${NAMES[0] ?? ''} may not see any of my data`).waitFor();
    expect(await isWiderThanScreen(page)).toBe(false);
    await page.getByRole('link', { name: 'Keep a copy' }).click();
    await page.getByRole('link', { name: 'Print or save as PDF' }).click();
    await page.getByRole('table').waitFor();
    expect(await page.locator('main :is(script, img, b)').count()).toBe(0);
    expect(await isWiderThanScreen(page)).toBe(false);
    expect(await page.evaluate<unknown>('window.hacked')).toBeUndefined();
  });
});

describe('an organisation that is not allowed', () => {
  it('appears in the list as refused, a moment after it asked', async () => {
    const ned = patientOf(suite.product.demo, 'ned');
    const practitioner = { id: 'urn:test:curious', name: 'Dr. Curious Neighbour', role: 'doctor' };
    await access(suite.product.demo, ned, {
      by: NORTH,
      path: 'Condition?patient={id}',
      practitioner,
      purpose: 'HRESCH',
    });
    const page = await openList('ned');
    const row = page.locator('.visit', { hasText: 'Dr. Curious Neighbour' });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/research[\s\S]*Refused/i);
    expect(SOUTH).toBe(ned.hospital);
  });
});
