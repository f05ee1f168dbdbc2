/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, ConsentHistory, ConsentRule } from '@api/schemas';
import { screen, waitFor, within } from '@testing-library/react';
import { Route, Routes } from 'react-router';
import { EntryPage } from '../../web/src/features/entry/EntryPage';
import { accessList, CARE, consent, consentHistory, DOCTOR, entry, meAnswer, NORTH } from './support/answers';
import { fakeApi } from './support/fakeApi';
import {
  corrected,
  EMERGENCY,
  held,
  HELD,
  inParts,
  item,
  lateRefusal,
  lateRelease,
  nothingGiven,
} from './support/recorded';
import { renderPage } from './support/renderPage';

beforeAll(() => {
  window.scrollTo = () => undefined;
});

async function open(
  shown: AccessEntry,
  language: 'en' | 'zh-CN' = 'en',
  history: ConsentHistory = consentHistory(),
): Promise<string> {
  fakeApi({
    [`GET /api/v1/accesses/${shown.id}`]: { body: shown },
    'GET /api/v1/consent/history': { body: history },
    'GET /api/v1/me': { body: meAnswer() },
    'POST /api/v1/accesses/search': { body: accessList([entry({})]) },
  });
  const { container } = renderPage(
    <Routes>
      <Route path="/accesses/:id" element={<EntryPage />} />
    </Routes>,
    { language, path: `/accesses/${shown.id}` },
  );
  await waitFor(() => {
    expect(container.querySelector('.why-sentence')).not.toBeNull();
  });
  return container.textContent.replace(/\s+/g, ' ');
}

const group = (name: string): HTMLElement | undefined =>
  screen
    .queryAllByRole('heading', { level: 3, name })
    .map(({ parentElement }) => parentElement)
    .find((element) => element !== null && element.closest('details') === null) ?? undefined;

const link = (name: string): string | null => screen.getByRole('link', { name }).getAttribute('href');

/** The entry as the API gives it where the field does not apply. */
function without(entry: AccessEntry, field: 'ruled' | 'corrected'): AccessEntry {
  return Object.fromEntries(
    Object.entries(entry).filter(([name]) => name !== field),
  ) as unknown as AccessEntry;
}

describe('the entry of a release before its record', () => {
  it('against the rules says what left, by what it was decided, and what the rules would have said', async () => {
    const text = await open(lateRelease());
    expect(group('Released')?.textContent).toContain(
      'Measurements and laboratory results Against the rules2',
    );
    expect(group('Withheld')).toBeUndefined();
    expect(text).toContain('Data were released that should have stayed closed even in an emergency.');
    expect(text).toContain(
      'Released, although the rules say no. What they said when it was recorded: Refused by your rule “Nobody may see data about psychiatric care',
    );
    expect(text).toContain('North Hospital asked its own copy of the ledger.');
    expect(text).toContain('They do not agree with what was released: see above.');
    expect(text).not.toContain('Your rules hold even in an emergency');
  });

  it('says when the data left, and when that was recorded', async () => {
    const text = await open(lateRelease({ requestedAt: '2026-05-05T23:58:00.000Z' }));
    expect(text).toContain('The data left: May 5, 23:58, as North Hospital states. Recorded: May 6, 09:15.');
    expect(text).toMatch(/Data leftMay 5, 2026 at 23:58.*RecordedMay 6, 2026 at 09:15/);
    expect(document.querySelector('.entry-marks time')?.textContent).toBe('May 5, 2026 at 23:58');
  });

  it('of which nothing was given says so, and never that it left', async () => {
    const text = await open(lateRefusal());
    expect(text).toContain('Asked for: 09:12, as North Hospital states. Recorded: 09:15.');
    expect(text).toContain('Nothing was released. This was recorded later than it happened');
    expect(text).not.toMatch(/before it was recorded|data left|allowed what was released/i);
  });

  it('by the deployment’s choice says that nobody read the rules', async () => {
    const text = await open(lateRelease({ lateBasis: 'deployment' }));
    expect(text).toContain(
      'Nobody could read your rules at that moment. North Hospital has decided beforehand',
    );
    expect(text).not.toContain('asked its own copy');
  });

  it('with which the rules agree says so', async () => {
    const agreed = lateRelease({
      items: [item({ released: true, otherwise: { decision: 'permit', rule: 'care' } })],
    });
    const text = await open(without(agreed, 'ruled'));
    expect(text).toContain('They agree with what was released.');
    expect(text).not.toMatch(/although|stayed closed/);
  });

  it('in time, refused, says none of it', async () => {
    const text = await open(held());
    expect(group('Withheld')?.textContent).toContain('Measurements and laboratory results2');
    expect(group('Released')).toBeUndefined();
    expect(text).toContain('Your rules hold even in an emergency: nothing was overridden.');
    expect(text).not.toMatch(/before it was recorded|corrected|although/i);
  });

  it('says it in Chinese', async () => {
    const text = await open(lateRelease({ lateBasis: 'deployment' }), 'zh-CN');
    expect(text).toContain('有些数据即使在紧急情况下也不应提供，却已经提供。');
    expect(text).toContain('虽然规则不允许，数据仍已提供。记录时规则的结论：已拒绝，依据您的规则');
    expect(text).toContain('当时无法读取任何人的规则。');
    expect(text).toContain('数据提供于：09:12（由North Hospital说明）。补记于：09:15。');
  });
});

describe('a corrected entry', () => {
  it('shows the corrected view first, says when and why, and keeps what it said at first within reach', async () => {
    const text = await open(corrected());
    expect(group('Released')).toBeDefined();
    expect(group('Withheld')).toBeUndefined();
    expect(text).toContain('This entry was corrected on May 6, 2026');
    expect(text).toContain('At first it did not say that data had left before it was recorded.');
    const before = screen.getByText('What it said at first: Refused').closest('details');
    if (before === null) {
      throw new Error('the first view was expected to fold');
    }
    expect(before.open).toBe(false);
    expect(within(before).getByText('Withheld')).toBeTruthy();
    expect(link('See the correction itself')).toBe('/accesses/NorthHospitalMSP~main~1');
  });

  it('of a release that never was says that nothing was given', async () => {
    const text = await open(nothingGiven());
    expect(group('Withheld')).toBeDefined();
    expect(group('Released')).toBeUndefined();
    expect(text).toContain(
      'Not given, although the rules say yes. What they said when it was recorded: Allowed by your setting “Open to those who say they treat me”.',
    );
    expect(text).toContain('In fact nothing was given.');
    expect(text).toContain('What it said at first: Allowed');
    expect(text).not.toContain('left before this was recorded');
  });

  it('has its amendment at an address of its own, with the way back', async () => {
    await open({
      ...without(corrected({ late: false }), 'corrected'),
      amends: { id: 'NorthHospitalMSP~main~0', why: 'releasedLate' },
    });
    expect(screen.getByText('This corrects another entry')).toBeTruthy();
    expect(link('See the entry that it corrects')).toBe('/accesses/NorthHospitalMSP~main~0');
  });

  it('is read again when it is opened again: a later line may have corrected it', async () => {
    await open({ ...held(), id: 'later-corrected' });
    expect(screen.queryByText(/was corrected/)).toBeNull();
    document.body.replaceChildren();
    await open({ ...corrected(), id: 'later-corrected' });
    expect(screen.getByText(/was corrected/)).toBeTruthy();
  });
});

describe('a request in parts', () => {
  it('is one entry: one row for what several parts hold, each part’s place and address', async () => {
    const shown = inParts(3);
    const text = await open(shown);
    expect(group('Released')?.textContent).toContain('Measurements and laboratory results3');
    expect(text).toContain('the ledger holds it in 3 parts. Here they are one entry.');
    expect(text).toContain('Part 2 of 3');
    expect(
      screen
        .getAllByRole('link', { name: 'See it alone', hidden: true })
        .map((one) => one.getAttribute('href')),
    ).toEqual([`/accesses/${shown.id}-part-2`, `/accesses/${shown.id}-part-3`]);
    expect(text).not.toContain('not recorded completely');
  });

  it('says that some are missing', async () => {
    const text = await open(inParts(2));
    expect(text).toContain('This request is not recorded completely');
    expect(text).toContain('2 of 3 parts have been recorded so far.');
  });

  it('leads from one part to the whole', async () => {
    await open(entry({ partOf: { number: 2, of: 3, id: 'NorthHospitalMSP~main~4' } }));
    expect(screen.getByText('This is part 2 of 3 of one request')).toBeTruthy();
    expect(link('See the whole request')).toBe('/accesses/NorthHospitalMSP~main~4');
  });
});

describe('what was decided on and not given', () => {
  it('stands after what was given', async () => {
    await open(entry({ items: [item({ count: 1, ids: ['o-54'], further: 52 })] }));
    expect(group('Released')?.textContent).toContain('1 and 52 more were found but not given');
  });

  it('is all there is to say of a mere count, which is not "none found"', async () => {
    const text = await open(entry({ items: [item({ count: 0, ids: [], further: 59 })] }));
    expect(group('Released')?.textContent).toContain('59 were found; their contents were not given');
    expect(text).not.toContain('none found');
  });

  it('was withheld with the rest where it was withheld', async () => {
    await open(held({ items: [item({ ...HELD, count: 1, ids: ['o-1'], further: 52 })] }));
    expect(group('Withheld')?.textContent).toContain('53');
  });

  it('says it in Chinese', async () => {
    await open(entry({ items: [item({ count: 1, ids: ['o-54'], further: 52 })] }), 'zh-CN');
    expect(group('已提供')?.textContent).toContain('另找到 52 项，这次没有提供内容');
  });
});

describe('what would have decided without the emergency', () => {
  const opened = item({
    basis: { kind: 'emergency', version: 2, rule: 'block-psy' },
    otherwise: { decision: 'deny', rule: 'block-psy' },
  });
  const open2 = item({ type: 'Condition', otherwise: { decision: 'permit', rule: 'care' } });

  it('is said of what was opened, and of what would have been open anyway', async () => {
    const text = await open(entry({ ...EMERGENCY, items: [opened, open2] }));
    expect(text).toContain(
      'Opened because of the emergency. Otherwise your rule “Nobody may see data about psychiatric care',
    );
    expect(text).toContain('Without the emergency, your rules would have had the same result.');
  });

  it('is said of what a holding rule refused and another would have refused', async () => {
    const refused = item({ ...HELD, otherwise: { decision: 'deny' } });
    const text = await open(held({ items: [refused] }));
    expect(text).toContain('Without the emergency: Refused: none of your exceptions');
    expect(text).not.toContain('It would have been the same');
  });

  it('of somebody who had not decided names the network’s rule', async () => {
    const usual = item({ basis: { kind: 'emergency', version: null }, otherwise: { decision: 'deny' } });
    expect(await open(entry({ ...EMERGENCY, items: [usual] }))).toContain(
      'You had not decided anything yet; otherwise the network’s usual rule would have refused it.',
    );
  });

  it('is not spoken of outside an emergency', async () => {
    expect(await open(entry({ items: [item({})] }))).not.toMatch(/without the emergency/i);
  });
});

describe('what can be done about an entry', () => {
  const at = '2026-05-04T08:00:00.000Z';
  const block: ConsentRule = { id: 'no', effect: 'deny', user: DOCTOR.id };
  const always: ConsentRule = { ...block, holdsInEmergency: true };
  /** The consent's versions, the first one first. */
  const versions = (...policies: readonly (readonly ConsentRule[])[]): ConsentHistory => ({
    items: policies.map((rules, index) => ({ at, consent: consent([...rules], index + 1) })).reverse(),
    next: null,
  });
  const byDoctor = entry({ requester: { organisation: NORTH, person: DOCTOR, clientId: 'c' } });
  const openActions = async (history: ConsentHistory, language: 'en' | 'zh-CN' = 'en'): Promise<string> => {
    await open(byDoctor, language, history);
    return document.querySelector('.entry-actions')?.textContent.replace(/[\s\u2066-\u2069]+/g, ' ') ?? '';
  };

  it('offers both blocks where nothing is blocked', async () => {
    const text = await openActions(versions(CARE));
    expect(text).toMatch(/Block this person(?! in).*Block this organisation(?! in)/);
    expect(text).not.toContain('You block');
  });

  it('says by which version a person is blocked, and offers only what that lacks', async () => {
    await openActions(
      versions(CARE, [block, ...CARE], [{ id: 'x', effect: 'deny', labels: ['HIV'] }, block, ...CARE]),
    );
    await screen.findByRole('link', { name: 'Block this person in an emergency too' });
    expect(document.querySelector('.entry-blocked')?.textContent).toMatch(
      /You block this person, by version 2 of your consent: “.*may not see any of my data”\./,
    );
    expect(link('version 2')).toBe('/consent/versions/2');
    expect(screen.queryByRole('link', { name: 'Block this person' })).toBeNull();
    expect(screen.getByRole('link', { name: 'Block this organisation' })).toBeTruthy();
  });

  it('offers no block that would do nothing', async () => {
    await openActions(versions(CARE, [always, ...CARE]));
    await screen.findByText(/You block this person, by/);
    expect(screen.queryByRole('link', { name: /Block this person/ })).toBeNull();
  });

  it('names the setting that closes everything', async () => {
    await openActions(versions(CARE, [{ id: 'closed', effect: 'deny', holdsInEmergency: true }]));
    await screen.findByText(/You block this organisation, by/);
    expect(document.querySelector('.entry-actions')?.textContent).toContain('“Closed, even in an emergency”');
    expect(screen.queryByRole('link', { name: /Block this/ })).toBeNull();
  });

  it('twin: a block of only some data, or one that was lifted, is none', async () => {
    const some: ConsentRule = { ...always, labels: ['HIV'] };
    await openActions(versions([always, ...CARE], [some, ...CARE]));
    await waitFor(() => {
      expect(screen.getByRole('link', { name: 'Block this person' })).toBeTruthy();
    });
    expect(document.querySelector('.entry-blocked')).toBeNull();
  });

  it('says it in Chinese', async () => {
    await openActions(versions(CARE, [block, ...CARE]), 'zh-CN');
    await screen.findByRole('link', { name: '紧急情况下也禁止此人查看' });
    expect(document.querySelector('.entry-blocked')?.textContent).toContain(
      '您已禁止此人查看，依据您授权的第 2 版：',
    );
  });
});
