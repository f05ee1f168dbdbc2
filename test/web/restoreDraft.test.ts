/**
 * @jest-environment ./test/web/support/browserEnvironment.cjs
 */
// SPDX-License-Identifier: Apache-2.0
import { forgetUnsaved, getDraft, getOpenRule, isUnsaved, KEPT, type Draft } from '../../web/src/lib/draft';
import { formOf } from '../../web/src/lib/policy/ruleForm';
import { restoreDraft } from '../../web/src/lib/restoreDraft';
import { CARE, consent } from './support/answers';

const NOW = 1_000_000_000_000;
const DRAFT: Draft = {
  base: { consent: consent(CARE), etag: '"1"' },
  policy: { rules: [], default: 'deny' },
};
const OPEN = { id: null, form: { ...formOf(undefined), labels: ['HIV'] } };

const keep = (part: object = {}): void => {
  const kept = {
    subject: 'subject-1',
    at: NOW - 1000,
    isAskedFor: true,
    draft: DRAFT,
    openRule: OPEN,
    ...part,
  };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
};

afterEach(() => {
  forgetUnsaved();
});

it('gives back what was begun, once', () => {
  keep();
  restoreDraft('subject-1', NOW);
  expect(getDraft()).toEqual(DRAFT);
  expect(getOpenRule()).toEqual(OPEN);
  expect(sessionStorage.length).toBe(0);
});

/** How the browser came to the page. */
const arriveBy = (type: string): void => {
  Object.assign(performance, { getEntriesByType: () => [{ type }] });
};

it.each([
  ['reload', true],
  ['navigate', false],
  ['back_forward', false],
])('gives back what the page kept as it went, after a %s: %s', (arrival, isBack) => {
  arriveBy(arrival);
  keep({ isAskedFor: false });
  restoreDraft('subject-1', NOW);
  expect(isUnsaved()).toBe(isBack);
  expect(sessionStorage.length).toBe(0);
});

it.each([
  ['another person', {}, 'subject-2'],
  ['a page that never came back', { at: NOW - 31 * 60_000 }, 'subject-1'],
  ['a time to come', { at: NOW + 60_000 }, 'subject-1'],
  ['no time', { at: 'soon' }, 'subject-1'],
])('gives nothing to %s', (_who, part, subject) => {
  keep(part);
  restoreDraft(subject, NOW);
  expect(isUnsaved()).toBe(false);
  expect(sessionStorage.length).toBe(0);
});

it.each([
  ['a policy of another form', { draft: { ...DRAFT, policy: { rules: [{ id: 'x' }], default: 'deny' } } }],
  ['no policy', { draft: { base: DRAFT.base } }],
  ['a base of another form', { draft: { ...DRAFT, base: { consent: {}, etag: '"1"' } } }],
])('drops a draft with %s, and keeps the form that was open', (_what, part) => {
  keep(part);
  restoreDraft('subject-1', NOW);
  expect(getDraft()).toBeNull();
  expect(getOpenRule()).toEqual(OPEN);
});

it.each([
  ['a member less', { id: null, form: { effect: 'deny' } }],
  ['a member of another type', { id: null, form: { ...OPEN.form, labels: [1] } }],
  ['another id', { id: 7, form: OPEN.form }],
])('drops an open form with %s', (_what, openRule) => {
  keep({ openRule });
  restoreDraft('subject-1', NOW);
  expect(getOpenRule()).toBeNull();
  expect(getDraft()).toEqual(DRAFT);
});

it('drops what is no JSON', () => {
  sessionStorage.setItem(KEPT, '{');
  restoreDraft('subject-1', NOW);
  expect(isUnsaved()).toBe(false);
});
