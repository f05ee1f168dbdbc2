// SPDX-License-Identifier: Apache-2.0
import { describeScopes } from '../../../../gateway/src/trustee/signIn/scopeWords';
import { LANGUAGES, wordsIn } from '../../../../gateway/src/trustee/signIn/signInWords';

const told = (scopes: string, language: (typeof LANGUAGES)[number] = 'en') =>
  describeScopes(scopes.split(' '), wordsIn(language).scopes);
const SEE = 'See what you chose about who may see your record';

describe('what an app asks for', () => {
  it.each([
    ['patient/Consent.r', SEE, false],
    ['patient/Consent.rs', SEE, false],
    ['patient/Consent.cruds', 'See and change who may see your record', true],
    ['patient/Consent.ru', 'See and change who may see your record', true],
    ['patient/Consent.r patient/Consent.u', 'See and change who may see your record', true],
    ['patient/Consent.u', 'Change who may see your record', true],
    ['patient/Consent.c patient/Consent.d', 'Change who may see your record', true],
  ])('%s: %s', (scopes, text, isWeighty) => {
    expect(told(scopes)).toEqual([{ text, isWeighty }]);
  });

  it('is told once, with what lets it change who may look first', () => {
    expect(
      told('openid profile patient/AuditEvent.r patient/AuditEvent.s patient/Consent.cu').map(
        ({ isWeighty }) => isWeighty,
      ),
    ).toEqual([true, false, false, false]);
    expect(told('patient/AuditEvent.rs')).toEqual([
      { text: wordsIn('en').scopes.accesses, isWeighty: false },
    ]);
  });

  it.each(LANGUAGES)('says in %s that it changes something exactly where it may', (language) => {
    const { consent, consentChange, consentChangeOnly } = wordsIn(language).scopes;
    const changes = /\bchange\b|修改/i;
    expect([consent, consentChange, consentChangeOnly].map((text) => changes.test(text))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
