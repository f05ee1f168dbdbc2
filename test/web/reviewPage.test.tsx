/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useLocation } from 'react-router';
import type { AccessEntry, ConsentPreview, ConsentRule } from '@api/schemas';
import { ReviewPage } from '../../web/src/features/consent/ReviewPage';
import { getDraft, setDraft } from '../../web/src/lib/draft';
import { accessList, CARE, consent, DOCTOR, entry, meAnswer, NORTH, preview, SOUTH } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { renderPage } from './support/renderPage';

const SEX: ConsentRule = { id: 'sex', effect: 'deny', labels: ['SEX'], holdsInEmergency: true };
const BLOCK: ConsentRule = { id: 'no', effect: 'deny', user: DOCTOR.id };
const LIFE = 'even if that would save your life';

interface Shown {
  readonly rules?: readonly ConsentRule[];
  /** Null: the page is opened for a draft that is there. */
  readonly block?: { readonly user: string } | { readonly org: string } | null;
  readonly language?: 'en' | 'zh-CN';
  readonly shown?: ConsentPreview;
}

const NO_ACCESS: ConsentPreview = { items: [], version: 1, considered: 0, since: null, next: null };

/** Writes where the page is, for a test to read. */
function Place() {
  const at = useLocation();
  return <output hidden>{JSON.stringify({ pathname: at.pathname, state: at.state as unknown })}</output>;
}

const shownPath = (): unknown => JSON.parse(document.querySelector('output')?.textContent ?? 'null');

/** The review page, as somebody sees it who pressed "Block" on an entry. */
async function showBlock({
  rules = CARE,
  block = { user: DOCTOR.id },
  language = 'en',
  shown = NO_ACCESS,
}: Shown = {}) {
  const saved: unknown[] = [];
  let isPreviewed = false;
  fakeApi({
    'GET /api/v1/consent': () => {
      // A preview that was compared with a newer version: that one is on file by then.
      const version = isPreviewed ? shown.version : 1;
      return { body: consent([...rules], version), headers: { etag: `"${String(version)}"` } };
    },
    'GET /api/v1/consent/history': { body: { items: [] } },
    'POST /api/v1/consent/preview': () => {
      isPreviewed = true;
      return { body: shown };
    },
    'POST /api/v1/accesses/search': { body: accessList([entry({})]) },
    'GET /api/v1/me': { body: meAnswer() },
    'PUT /api/v1/consent': ({ body }) => {
      saved.push(body);
      return { body: consent([...rules], 2), headers: { etag: '"2"' } };
    },
  });
  renderPage(
    <>
      <ReviewPage />
      <Place />
    </>,
    { path: '/consent/review', state: block && { block }, language },
  );
  if (block !== null) {
    await screen.findByRole('heading', { level: 1 });
  }
  return saved;
}

const warning = (): string => {
  const box = screen.getByText('What a restriction can mean').closest<HTMLElement>('.notice');
  return box?.textContent ?? '';
};
const hold = () => screen.getByRole('checkbox', { name: /Also in an emergency/ });
const accept = () =>
  screen.getByRole<HTMLInputElement>('checkbox', { name: /I understand what this can mean/ });

beforeEach(() => {
  setDraft(null);
});

describe('the warning', () => {
  it('names the one person who is blocked, and says nothing of everybody', async () => {
    await showBlock();
    await screen.findByText(/New:/);
    await screen.findAllByText('Dr Ada Example');
    expect(warning()).toContain('In an emergency, Dr Ada Example still can');
    expect(warning()).toContain('Dr Ada Example will not be able to see any of your data.');
    expect(warning()).toContain('This holds wherever they work.');
    expect(warning()).toContain('What others may see stays as it is.');
    expect(warning()).not.toMatch(/nobody|save your life/i);
  });

  it('says with “also in an emergency” that this person is shut out then, and is read again', async () => {
    await showBlock();
    await screen.findByText(/New:/);
    await userEvent.click(accept());
    await userEvent.click(hold());
    expect(warning()).toContain(
      `will not be able to see any of your data, not even in an emergency, ${LIFE}. This holds wherever they work. What others may see stays as it is.`,
    );
    expect(warning()).not.toMatch(/nobody/i);
    expect(accept().checked).toBe(false);
    expect(document.activeElement).toBe(hold());
  });

  it('names the organisation, and what another rule closes even then', async () => {
    await showBlock({ rules: [SEX, ...CARE], block: { org: SOUTH.mspId } });
    await screen.findByText(/New:/);
    expect(warning()).toContain('Nobody at South Clinic will be able to see any of your data.');
    expect(warning()).toContain('What another rule of yours closes even in an emergency stays closed.');
  });

  it.each<['en' | 'zh-CN', string]>([
    [
      'en',
      'The organisation that keeps the record will not be able to see any of your data. In an emergency, a named person there who gives a reason still can;',
    ],
    ['zh-CN', '紧急情况下，该机构中表明身份并说明原因的人员仍可查看'],
  ])(
    'of the organisation that keeps the record: a person there gives the reason: %s',
    async (language, text) => {
      await showBlock({ language, block: { org: '@holder' } });
      await waitFor(() => {
        expect(document.querySelector('.risks')?.textContent).toContain(text);
      });
    },
  );

  it('is Chinese in Chinese', async () => {
    await showBlock({ language: 'zh-CN', block: { org: NORTH.mspId } });
    const title = await screen.findByText('限制可能带来的后果');
    expect(title.closest('.notice')?.textContent).toContain(
      'North Hospital的任何人都将无法查看您的任何数据。紧急情况下，表明身份并说明原因的人员仍可查看，您会在列表中看到。其他人可以查看的内容不变。',
    );
  });
});

describe('a block from an entry', () => {
  it('that holds in an emergency takes three presses on this page, and leaves the stronger one alone', async () => {
    const saved = await showBlock({ rules: [SEX, ...CARE] });
    await screen.findByText(/New:/);
    await userEvent.click(hold());
    await userEvent.click(accept());
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(saved).toEqual([
      {
        rules: [
          { id: 'block-urn-oid-1.2-10', effect: 'deny', user: DOCTOR.id, holdsInEmergency: true },
          SEX,
          ...CARE,
        ],
        default: 'deny',
      },
    ]);
  });

  it.each<[string, readonly ConsentRule[], RegExp]>([
    ['the same', [BLOCK], /Dr Ada Example may not see any of my data.*there is nothing to add/],
    [
      'one that holds in an emergency',
      [{ ...BLOCK, holdsInEmergency: true }],
      /not even in an emergency”: that blocks even more/,
    ],
    [
      'the setting that closes everything',
      [{ id: 'closed', effect: 'deny', holdsInEmergency: true }],
      /“Closed, even in an emergency”: that blocks even more/,
    ],
  ])('that is there already is said, and nothing is changed: %s', async (_what, first, text) => {
    await showBlock({ rules: first.some(({ id }) => id === 'closed') ? first : [...first, ...CARE] });
    const title = await screen.findByText('This is blocked already');
    await screen.findByText(
      (_content, element) => element?.tagName === 'P' && text.test(element.textContent),
    );
    expect(title.closest('.notice')?.textContent).toMatch(text);
    expect(getDraft()).toBeNull();
  });

  it('that is there can be made to hold in an emergency: two presses before the warning', async () => {
    await showBlock({ rules: [BLOCK, ...CARE] });
    await userEvent.click(await screen.findByRole('button', { name: 'Block it in an emergency too' }));
    expect(getDraft()?.policy.rules).toEqual([{ ...BLOCK, holdsInEmergency: true }, ...CARE]);
    expect(screen.queryByText('This is blocked already')).toBeNull();
    expect(warning()).toContain(LIFE);
  });

  it('goes before a permission that could pass it; one behind such a permission says so', async () => {
    const ada: ConsentRule = { id: 'ada', effect: 'permit', user: DOCTOR.id, org: SOUTH.mspId };
    await showBlock({ rules: [ada, SEX, ...CARE] });
    await screen.findByText(/New:/);
    expect(
      getDraft()
        ?.policy.rules.map(({ id }) => id)
        .slice(0, 2),
    ).toEqual(['block-urn-oid-1.2-10', 'ada']);
  });
});

describe('the preview', () => {
  const section = (title: string): string =>
    screen.getByRole('heading', { name: title }).closest('section')?.textContent ?? '';

  it('says what the change does beside what holds today', async () => {
    await showBlock({ shown: preview([entry({})]) });
    await screen.findByText('Your change would refuse 1 of them wholly or in part');
    const text = section('What this change would do');
    expect(text).toContain('What holds today and your change were both tried on the 20 accesses');
    expect(text).toContain('As it holds today: allowed. With your change: refused.');
    // It ended then as it would today: once is enough.
    expect(text).not.toContain('When it was made');
  });

  it('says how it ended when it was made, where today’s rules decide otherwise', async () => {
    await showBlock({ shown: preview([entry({ outcome: 'deny' })]) });
    await screen.findByText(/When it was made: Refused\. As it holds today: allowed\./);
  });

  it('blames the change for nothing that holds already', async () => {
    await showBlock({ shown: preview([]) });
    await screen.findByText('Your change makes no difference to any of them.');
    expect(screen.queryByText(/Your change would/)).toBeNull();
  });

  it('is Chinese in Chinese', async () => {
    await showBlock({ language: 'zh-CN', shown: preview([entry({})]) });
    await screen.findByText('您的更改会使其中 1 次被全部或部分拒绝');
    expect(section('此更改会带来什么不同')).toContain('按现行规则：允许。 更改后：拒绝。');
  });

  const partly = (access: AccessEntry): ConsentPreview['items'][number] => ({
    access,
    standing: 'partial',
    outcome: 'partial',
    items: [
      { type: 'Observation', count: 12, before: 'permit', after: 'permit' },
      { type: 'Observation', count: 2, before: 'permit', after: 'deny' },
      { type: 'Condition', count: 1, before: 'permit', after: 'deny' },
      { type: 'Claim', count: 4, before: 'deny', after: 'deny' },
    ],
  });
  it.each<['en' | 'zh-CN', string]>([
    [
      'en',
      'As it holds today: partly refused. With your change: partly refused. Refused in addition: 2 measurements and laboratory results · diagnoses and problems (1).',
    ],
    ['zh-CN', '按现行规则：部分拒绝。 更改后：部分拒绝。 新增拒绝：'],
  ])('says what more is refused of what was refused in part already: %s', async (language, text) => {
    await showBlock({ language, shown: { ...preview([]), items: [partly(entry({}))] } });
    await waitFor(() => {
      expect(document.querySelector('.example-change')?.textContent).toContain(text);
    });
    expect(document.querySelector('.example-change')?.textContent).not.toMatch(/bills|账单|12|4/);
  });

  it('counts what was found and not given with what was: nobody is told of "bills, 0"', async () => {
    const counted: ConsentPreview['items'][number] = {
      ...partly(entry({})),
      items: [{ type: 'Claim', count: 0, further: 8, before: 'permit', after: 'deny' }],
    };
    await showBlock({ shown: { ...preview([]), items: [counted] } });
    await waitFor(() => {
      expect(document.querySelector('.example-change')?.textContent).toContain(
        'Refused in addition: 8 bills.',
      );
    });
  });

  it('counts an access of which some is opened and some closed as both, and shows what is opened first', async () => {
    const mixed: ConsentPreview['items'][number] = {
      ...partly(entry({ id: 'NorthHospitalMSP~main~2' })),
      items: [
        { type: 'Observation', count: 3, before: 'permit', after: 'deny' },
        { type: 'Procedure', count: 1, before: 'deny', after: 'permit' },
      ],
    };
    const closed = Array.from({ length: 5 }, (_, at) =>
      partly(entry({ id: `NorthHospitalMSP~main~${String(10 + at)}` })),
    );
    await showBlock({ shown: { ...preview([]), items: [...closed, mixed] } });
    await screen.findByText('Your change would refuse 6 of them wholly or in part');
    await screen.findByText('Your change would allow 1 of them wholly or in part');
    const [first] = document.querySelectorAll('.example-change');
    expect(first?.textContent).toMatch(/Allowed in addition: procedures and operations \(1\)\./);
  });

  it.each<['en' | 'zh-CN', string]>([
    ['en', 'does not hold on any of the days that your change was tried on'],
    ['zh-CN', '在用于检验的日期都不生效'],
  ])('of a block for later says that the days tried are not its days: %s', async (language, text) => {
    const later: ConsentRule = { ...BLOCK, period: { start: '2099-12-01' } };
    setDraft({
      base: { consent: consent([...CARE], 1), etag: '"1"' },
      policy: { rules: [later, ...CARE], default: 'deny' },
    });
    await showBlock({ language, block: null, shown: preview([]) });
    await waitFor(() => {
      expect(document.querySelector('.preview')?.textContent).toContain(text);
    });
  });

  it('that was compared with a newer version has the consent read again', async () => {
    await showBlock({ shown: { ...preview([]), version: 2 } });
    await screen.findByRole('heading', { name: 'Your consent was changed elsewhere meanwhile' });
  });
});

it('a save whose answer was lost is told as saved, not as somebody else’s change', async () => {
  const rules: ConsentRule[] = [BLOCK, ...CARE];
  setDraft({
    base: { consent: consent([...CARE], 0), etag: '"0"' },
    policy: { rules, default: 'deny' },
  });
  await showBlock({ rules, block: null });
  await waitFor(() => {
    expect(shownPath()).toEqual({ pathname: '/consent', state: { savedVersion: 1 } });
  });
  expect(getDraft()).toBeNull();
  expect(screen.queryByText('Your consent was changed elsewhere meanwhile')).toBeNull();
});

describe('after “Keep both”', () => {
  it.each<['en' | 'zh-CN', string, string, string]>([
    ['en', 'Keep both', 'This is blocked already', 'not even in an emergency”: that blocks even more'],
    ['zh-CN', '两者都保留', '已经禁止', '禁止的范围更大'],
  ])(
    'a block that theirs blocks more firmly is said to be there: %s',
    async (language, keep, title, text) => {
      setDraft({
        base: { consent: consent([...CARE], 0), etag: '"0"' },
        policy: { rules: [BLOCK, ...CARE], default: 'deny' },
      });
      await showBlock({ language, rules: [{ ...BLOCK, holdsInEmergency: true }, ...CARE], block: null });
      await userEvent.click(await screen.findByRole('button', { name: keep }));
      const notice = (await screen.findByText(title)).closest('.notice');
      expect(notice?.textContent).toContain(text);
      expect(getDraft()).toBeNull();
    },
  );
});
