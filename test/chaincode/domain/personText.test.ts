// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import {
  isPersonId,
  isPersonName,
  isReason,
  isRoleCode,
  normalisePersonId,
  normalisePersonName,
  normaliseReason,
  parseAccessRequest,
  parsePolicy,
} from '@chartwitness/chaincode/domain';
import { kindOf } from '../../../chaincode/src/domain/visibleCharacters';
import { request } from '../support/network';
import { thrown } from '../support/thrown';

const LAST = 0x10ffff;
/**
 * What this platform's Unicode, of whatever version, knows to be invisible, unassigned or not for
 * interchange.
 */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Variation_Selector}]/u;
const ZWNJ = '\u200c';
const ZWJ = '\u200d';

/** The code points, in hexadecimal, of which `test` is true. */
function listed(test: (character: string, codePoint: number) => boolean): string[] {
  const found: string[] = [];
  for (let codePoint = 0; codePoint <= LAST; codePoint++) {
    if (test(String.fromCodePoint(codePoint), codePoint)) {
      found.push(codePoint.toString(16));
    }
  }
  return found;
}

describe('over the whole range of Unicode', () => {
  test('the table says what the platform says', () => {
    const kinds = { letter: /\p{L}/u, mark: /\p{M}/u, number: /\p{N}/u, other: /[\p{P}\p{S}]/u };
    let seen = 0;
    const wrong = listed((character, codePoint) => {
      const kind = kindOf(codePoint);
      if (kind === 'none') {
        return false;
      }
      seen += 1;
      return !kinds[kind].test(character) || UNSEEN.test(character);
    });
    expect(wrong).toEqual([]);
    // Unicode 15.1 has 149,624 letters, marks, numbers, punctuation and symbols; 274 of them are ignorable or
    // print as nothing.
    expect(seen).toBe(149_624 - 274);
  });

  test('nothing unseen is in an id or a name, alone or between two letters, but a blank, and joiners where they belong', () => {
    const accepted: string[] = [];
    listed((character, codePoint) => {
      if (!UNSEEN.test(character) || codePoint === 0x20) {
        return false;
      }
      const between = `a${character}b`;
      if (isPersonId(character) || isPersonId(between)) {
        accepted.push(`id ${codePoint.toString(16)}`);
      }
      if (isPersonName(character) || isPersonName(between)) {
        accepted.push(`name ${codePoint.toString(16)}`);
      }
      if (isPersonName(`\u0627${character}\u0628`)) {
        accepted.push(`Arabic name ${codePoint.toString(16)}`);
      }
      return false;
    });
    expect(accepted).toEqual(['Arabic name 200c', 'Arabic name 200d']);
  });

  test('one character alone is an id if it is a letter or a number; a name or, often enough, a reason if it is a letter', () => {
    const wrong = listed((character, codePoint) => {
      const kind = kindOf(codePoint);
      const isLetter = kind === 'letter';
      return (
        isPersonId(character) !== (isLetter || kind === 'number') ||
        (isPersonName(character) && !isLetter) ||
        isReason(character.repeat(3)) !== isLetter
      );
    });
    expect(wrong).toEqual([]);
  });

  test('two characters are a reason if they are Chinese characters, kana or Hangul syllables', () => {
    // Script extensions: marks that repeat or lengthen a kana are of both kana scripts.
    const syllable =
      /[\p{Script_Extensions=Han}\p{Script_Extensions=Hiragana}\p{Script_Extensions=Katakana}\uac00-\ud7a3]/u;
    let accepted = 0;
    const wrong = listed((character, codePoint) => {
      if (kindOf(codePoint) !== 'letter') {
        return isReason(character.repeat(2));
      }
      accepted += Number(isReason(character.repeat(2)));
      return isReason(character) || isReason(character.repeat(2)) !== syllable.test(character);
    });
    expect(wrong).toEqual([]);
    // Unicode 15.1 has 97,680 unified ideographs and 11,172 Hangul syllables; the rest is kana and
    // compatibility ideographs.
    expect(accepted).toBeGreaterThan(97_680 + 11_172);
  });

  test('the compared form is reached in one step and takes no id apart', () => {
    const wrong = listed((character, codePoint) => {
      const id = `a${character}b`;
      if (kindOf(codePoint) === 'none' || !isPersonId(id)) {
        return false;
      }
      const form = normalisePersonId(id);
      return normalisePersonId(form) !== form || normalisePersonId(id.normalize('NFD')) !== form;
    });
    expect(wrong).toEqual([]);
  });
});

describe('an id', () => {
  test.each([
    'urn:oid:2.16.840.1.113883.4.6#10',
    'dr-7',
    '7',
    'Dr. No',
    '李雷',
    'ж',
    'naïve',
    'a'.repeat(256),
  ])('%j is one', (id) => {
    expect(isPersonId(id)).toBe(true);
  });
  test.each([
    ['empty', ''],
    ['too long', 'a'.repeat(257)],
    ['a blank at the start', ' dr-7'],
    ['a blank at the end', 'dr-7 '],
    ['two blanks', 'dr  7'],
    ['a zero-width space', 'dr\u200b-7'],
    ['a byte order mark', '\ufeffdr-7'],
    ['a soft hyphen', 'dr\u00ad7'],
    ['a Hangul filler', 'dr\u31647'],
    ['a braille blank', 'dr\u28007'],
    ['a tag character', 'dr7\u{e0041}'],
    ['a variation selector', 'dr7\ufe0f'],
    ['a joiner, even in Persian', '\u0645\u06cc\u200c\u0634'],
    ['a no-break space', 'dr\u00a07'],
    ['a lone surrogate', 'dr\ud800'],
    ['a private character', 'dr\ue000'],
    ['punctuation alone', '#-/'],
    ['a mark that stands on nothing', '\u0301dr'],
    ['a mark on a blank', 'dr \u0301x'],
  ])('is not: %s', (_, id) => {
    expect(isPersonId(id)).toBe(false);
  });

  test.each([
    ['case', 'Dr-Ω', 'dr-ω'],
    ['final sigma', 'ΑΣ', 'ας'],
    ['composition', 'Ju\u0308rgen', 'jürgen'],
    ['width', 'ｄｒ－７', 'dr-7'],
    ['ligatures', 'ﬁ-7', 'fi-7'],
  ])('is compared without %s', (_, a, b) => {
    expect(normalisePersonId(a)).toBe(normalisePersonId(b));
  });
  test('is compared with everything else', () => {
    expect(normalisePersonId('dr-7')).not.toBe(normalisePersonId('dr7'));
    expect(normalisePersonId('dr-é')).not.toBe(normalisePersonId('dr-e'));
  });
  test('the compared form is a fixed point for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const form = normalisePersonId(text);
        expect(normalisePersonId(form)).toBe(form);
      }),
      { numRuns: 2000 },
    );
  });
});

test('a role is an id of at most 128 characters', () => {
  expect(isRoleCode('doctor')).toBe(true);
  expect(isRoleCode('d'.repeat(129))).toBe(false);
  expect(isRoleCode('\u200b')).toBe(false);
});

describe('a name', () => {
  test.each([
    'Dr. Mariam Gleason',
    'O’Brien',
    '李雷',
    'Ольга',
    'José',
    'N. N.',
    // Persian with ZWNJ, Sinhala and Bengali with ZWJ.
    '\u0639\u0644\u06cc\u200c\u0631\u0636\u0627',
    '\u0d9a\u0dca\u200d\u0dbb\u0dd2\u0dc2\u0dcf',
    '\u09b0\u200d\u09cd\u09af\u09be\u09ac',
  ])('%j is one', (name) => {
    expect(isPersonName(name)).toBe(true);
  });
  test.each([
    ['empty', ''],
    ['too long', 'a'.repeat(301)],
    ['a blank', ' '],
    ['a joiner alone', ZWJ],
    ['digits alone', '12345'],
    ['marks alone', '\u0301\u0302'],
    ['not in NFC', 'Jose\u0301'],
    ['a joiner between Latin letters', `a${ZWNJ}b`],
    ['a joiner at the end', `\u0639\u0644\u06cc${ZWNJ}`],
    ['two joiners', `\u0639${ZWNJ}${ZWNJ}\u06cc`],
    ['a joiner between scripts', `\u0639${ZWNJ}\u0915`],
    ['a right-to-left override', 'Dr. \u202eyM'],
    ['a right-to-left mark', 'Dr. \u200fM'],
    ['an isolate', '\u2066Dr. M\u2069'],
    ['a line break', 'Dr.\nM'],
    ['a lone surrogate', 'Dr. \udc00'],
  ])('is not: %s', (_, name) => {
    expect(isPersonName(name)).toBe(false);
  });
  test('as systems deliver it', () => {
    expect(normalisePersonName('  Jose\u0301\u00a0 Pérez ')).toBe('José Pérez');
    expect(normalisePersonName('\u845b\u{e0100}\u57ce\u3000太郎')).toBe('\u845b\u57ce 太郎');
    expect(isPersonName(normalisePersonName(`x${ZWJ}`))).toBe(false);
  });
});

describe('a reason', () => {
  test.each([
    'unconscious on arrival',
    'first line\nsecond\tline',
    '患者昏迷，无家属在场，需要用药史',
    'BP 60/30 !!! 🚑️ help',
    '心脏骤停',
    '大出血',
    'seizure',
    'Krampf',
    'инсульт',
    'سكتة',
    '昏迷',
    '昏迷!',
    '意識',
    'ショック',
    'けが',
    '의식',
    '의식'.normalize('NFD'),
    '\u{20000}\u{2a6d6}',
  ])('%j is one', (reason) => {
    expect(isReason(reason)).toBe(true);
  });
  test.each([
    ['nothing', ''],
    ['too long', 'x'.repeat(501)],
    ['digits and signs', '1234567890 !!!'],
    ['two letters', 'ok ..........'],
    ['two Cyrillic letters', 'да'],
    ['two Arabic letters', 'لا'],
    ['two single sounds of Hangul', 'ㅋㅋ'],
    ['two single sounds of Bopomofo', 'ㄅㄆ'],
    ['one character', '痛'],
    ['one character and one letter', '痛A'],
    ['one Hangul syllable', '각'],
    ['one Hangul syllable in three parts', '각'.normalize('NFD')],
    ['one invisible character', '\u200b'.repeat(12)],
    ['blanks', ' '.repeat(12)],
    ['marks', '\u0301'.repeat(12)],
    ['fillers that count as letters elsewhere', '\u3164'.repeat(12)],
    ['a control character', 'unconscious \u0007'],
    ['a lone surrogate', 'unconscious \ud83d'],
    ['a turned direction', 'unconscious \u202eereh'],
  ])('is not: %s', (_, reason) => {
    expect(isReason(reason)).toBe(false);
  });
  test('as it was pasted', () => {
    expect(normaliseReason(' \u2067unconscious\u2069\r\non arrival\u2028 ')).toBe('unconscious\non arrival');
  });
});

describe('what is refused at the door is refused by the ledger', () => {
  const asked = (person: object): unknown => ({
    ...request('a'),
    requester: { ...request('a').requester, person: { id: 'dr-7', name: 'Dr. No', role: '', ...person } },
  });
  test.each([
    ['request.requester.person.id', () => parseAccessRequest(asked({ id: 'dr\u200b7' }))],
    ['request.requester.person.name', () => parseAccessRequest(asked({ name: '\u200d' }))],
    ['request.requester.person.name', () => parseAccessRequest(asked({ name: '' }))],
    ['request.requester.person.role', () => parseAccessRequest(asked({ role: '\u200d' }))],
    [
      'request.emergency.reason',
      () =>
        parseAccessRequest({ ...request('a'), purpose: 'BTG', emergency: { reason: '\u200d'.repeat(12) } }),
    ],
    [
      'policy.rules[0].user',
      () => parsePolicy({ rules: [{ id: 'r', effect: 'deny', user: 'dr\u200b7' }], default: 'deny' }),
    ],
    [
      'policy.rules[0].role',
      () => parsePolicy({ rules: [{ id: 'r', effect: 'deny', role: '\u200b' }], default: 'deny' }),
    ],
  ])('%s', (place, parse) => {
    expect(thrown(parse).detail).toContain(`${place}: `);
  });
});
