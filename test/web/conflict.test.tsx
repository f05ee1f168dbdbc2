/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ConsentRule } from '@api/schemas';
import { Conflict } from '../../web/src/features/consent/Conflict';
import { getDraft, setDraft, type Draft } from '../../web/src/lib/draft';
import { CARE, consent } from './support/answers';
import { renderPage } from './support/renderPage';

const RULE: ConsentRule = { id: 'research', effect: 'permit', org: 'NorthHospitalMSP', purposes: ['HRESCH'] };
const mine: ConsentRule = { ...RULE, purposes: ['HMARKT'] };
const theirs: ConsentRule = { ...RULE, purposes: ['PUBHLTH'] };
const closed: ConsentRule = { id: 'hiv', effect: 'deny', labels: ['HIV'] };
const onFile = (rules: ConsentRule[], version: number) => ({
  consent: consent(rules, version),
  etag: `"${String(version)}"`,
});

const NEWER = onFile([theirs, ...CARE], 2);
const DRAFT: Draft = {
  base: onFile([RULE, ...CARE], 1),
  policy: { rules: [mine, closed, ...CARE], default: 'deny' },
};

function showConflict(): { readonly isDone: () => boolean } {
  let isDone = false;
  setDraft(DRAFT);
  renderPage(<Conflict draft={DRAFT} theirs={NEWER} onDone={() => (isDone = true)} />);
  return { isDone: () => isDone };
}

describe('a consent that was changed elsewhere and here', () => {
  it('is told as two changes, with the focus on its title', () => {
    showConflict();
    const title = screen.getByRole('heading', { name: 'Your consent was changed elsewhere meanwhile' });
    expect(document.activeElement).toBe(title);
    const text = title.closest('section')?.textContent ?? '';
    expect(text).toContain('may see all my data for public health');
    expect(text).toContain('may see all my data for marketing');
    expect(text).toContain('New: Nobody may see data about HIV');
  });

  it('keeps both, also where both changed the same', async () => {
    const { isDone } = showConflict();
    await userEvent.click(screen.getByRole('button', { name: 'Keep both' }));
    expect(getDraft()).toEqual({
      base: NEWER,
      policy: { rules: [theirs, closed, { ...mine, id: 'research-2' }, ...CARE], default: 'deny' },
    });
    expect(isDone()).toBe(true);
  });

  it('keeps only mine: my draft on the newer version', async () => {
    const { isDone } = showConflict();
    await userEvent.click(screen.getByRole('button', { name: 'Only mine' }));
    expect(getDraft()).toEqual({ base: NEWER, policy: DRAFT.policy });
    expect(isDone()).toBe(true);
  });

  it('keeps only theirs: no draft is left', async () => {
    showConflict();
    await userEvent.click(screen.getByRole('button', { name: 'Only theirs' }));
    expect(getDraft()).toBeNull();
  });
});
