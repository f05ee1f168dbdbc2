/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { forgetUnsaved, KEPT, setDraft } from '../../web/src/lib/draft';
import { useKeptOverReload } from '../../web/src/lib/keepDraft';
import { CARE, consent } from './support/answers';
import { renderPage } from './support/renderPage';

function Page(): ReactNode {
  useKeptOverReload();
  return null;
}
const go = (type: 'pagehide' | 'pageshow') => window.dispatchEvent(new Event(type));
const begin = (): void => {
  setDraft({ base: { consent: consent(CARE), etag: '"1"' }, policy: { rules: [], default: 'deny' } });
};

afterEach(() => {
  forgetUnsaved();
});

it('keeps a draft only while the page is away, for the person who is signed in', () => {
  renderPage(<Page />);
  begin();
  expect(sessionStorage.length).toBe(0);
  go('pagehide');
  expect(JSON.parse(sessionStorage.getItem(KEPT) ?? '')).toMatchObject({
    subject: 'subject-1',
    isAskedFor: false,
    draft: { policy: { rules: [], default: 'deny' } },
  });
  go('pageshow');
  expect(sessionStorage.length).toBe(0);
});

it('twin: keeps nothing where nothing was begun, nor after the portal is gone', () => {
  const { unmount } = renderPage(<Page />);
  go('pagehide');
  expect(sessionStorage.length).toBe(0);
  unmount();
  begin();
  go('pagehide');
  expect(sessionStorage.length).toBe(0);
});
