/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { act, screen } from '@testing-library/react';
import type { ListPosition } from '@api/schemas';
import { PrintPage } from '../../web/src/features/keep/PrintPage';
import { accessList, entry, meAnswer } from './support/answers';
import { fakeApi } from './support/fakeApi';
import { corrected, held, inParts, item } from './support/recorded';
import { renderPage } from './support/renderPage';

const position = (part: Partial<ListPosition>): ListPosition => ({ ...meAnswer().list, ...part });

async function printed(list: ListPosition, language: 'en' | 'zh-CN' = 'en'): Promise<string> {
  fakeApi({
    'GET /api/v1/me': { body: meAnswer({ list }) },
    'GET /api/v1/accesses': ({ path }) =>
      path.includes('cursor=')
        ? { body: accessList([entry({})]) }
        : { body: accessList([entry({}), entry({ outcome: 'deny' })], 'older') },
  });
  // What the page knew before the copy was read is older, or newer: neither is what the copy reflects.
  renderPage(<PrintPage />, { language, me: meAnswer({ list: position({ block: 7 }) }) });
  await screen.findByRole('table');
  return document.body.textContent;
}

beforeAll(() => {
  window.scrollTo = () => undefined;
});

describe('the list on paper', () => {
  it('has every page of the filter, and the position at which they were read', async () => {
    const text = await printed(position({ block: 41 }));
    expect(screen.getAllByRole('row')).toHaveLength(1 + 3);
    expect(text).toContain('3 entries. Complete up to ledger position 41; list checked on');
    expect(text).not.toContain('position 7');
  });

  it('says on paper too that the list is behind or has stopped', async () => {
    expect(await printed(position({ state: 'halted' }))).toContain(
      'This list has stopped: It did not match the ledger',
    );
    act(() => {
      document.body.replaceChildren();
    });
    expect(await printed(position({ state: 'stale', height: null }), 'zh-CN')).toContain(
      '3 条记录。 此列表不是最新：完整至账本位置 41',
    );
  });

  it('does not lay out more than paper is good for: it offers a file or a period', async () => {
    const many = Array.from({ length: 200 }, () => entry({}));
    let pages = 0;
    fakeApi({
      'GET /api/v1/me': { body: meAnswer() },
      'GET /api/v1/accesses': () => ({ body: accessList(many, `page-${String((pages += 1))}`) }),
    });
    renderPage(<PrintPage />);
    await screen.findByText(/There are more than 5,000 entries/);
    expect(pages).toBe(26);
    expect(screen.queryByRole('table')).toBeNull();
    expect(screen.getByRole('link', { name: 'Choose a period' }).getAttribute('href')).toBe('/');
  });

  it('gives out no part as the whole', async () => {
    fakeApi({
      'GET /api/v1/me': { body: meAnswer() },
      'GET /api/v1/accesses': ({ path }) =>
        path.includes('cursor=') ? { status: 500, body: null } : { body: accessList([entry({})], 'older') },
    });
    renderPage(<PrintPage />);
    await screen.findByText('The list could not be read to its end, so no file was made.');
    expect(screen.queryByRole('table')).toBeNull();
  });
});

describe('what left, on paper', () => {
  async function rowOf(shown: ReturnType<typeof entry>, language: 'en' | 'zh-CN' = 'en'): Promise<string> {
    fakeApi({
      'GET /api/v1/me': { body: meAnswer() },
      'GET /api/v1/accesses': { body: accessList([shown]) },
    });
    renderPage(<PrintPage />, { language });
    await screen.findByRole('table');
    return screen.getAllByRole('row')[1]?.textContent ?? '';
  }

  it('of a corrected late release is what was given, against the rules, and never "refused"', async () => {
    const row = await rowOf(corrected());
    expect(row).toContain('2 measurements and laboratory results');
    expect(row).toMatch(/^May 6, 202609:12/);
    expect(row).toMatch(
      /Released.*Emergency.*Against the rules.*Released: 09:12, recorded later: 09:15.*Corrected/,
    );
    expect(row).not.toMatch(/withheld|Refused|Allowed/);
  });

  it('of its twin in time is nothing', async () => {
    const row = await rowOf(held());
    expect(row).toMatch(/2 withheld: measurements and laboratory results.*Refused/);
    expect(row).not.toMatch(/Against|Corrected/);
  });

  it('of an emergency has the reason that was given, or what was missing', async () => {
    expect(await rowOf(held())).toContain('Emergency: “Found unconscious”');
    document.body.replaceChildren();
    expect(await rowOf(held({ emergency: null }))).toContain('Emergency: No reason that counts');
    document.body.replaceChildren();
    expect(await rowOf(held({ emergency: null }), 'zh-CN')).toContain('紧急：没有符合要求的原因');
  });

  it('says how many more were decided on, and what is not recorded yet, in Chinese too', async () => {
    expect(await rowOf(entry({ items: [item({ count: 1, ids: [], further: 52 })] }), 'zh-CN')).toContain(
      '另找到 52 项，未提供内容',
    );
    document.body.replaceChildren();
    expect(await rowOf(inParts(1), 'zh-CN')).toContain('尚未全部记录');
  });
});
