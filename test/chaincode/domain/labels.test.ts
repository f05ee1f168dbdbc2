// SPDX-License-Identifier: Apache-2.0
import {
  type ConsentRule,
  CONFIDENTIALITY_LABELS,
  coveredByDenial,
  decide,
  EVERY_LABEL,
  labelCode,
  labelGroups,
  labelOf,
  MAX_LABELS,
  normaliseLabel,
  normaliseLabels,
  parseLabel,
  SENSITIVITY_LABELS,
} from '@chartwitness/chaincode/domain';
import { item, request } from '../support/network';
import { AT, consentOf, HOLDER_MSP } from '../support/policies';

const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONF = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const OWN = 'https://labels.example.org';

const isOpen = (effect: 'permit' | 'deny', named: readonly string[], carried: readonly string[]): boolean => {
  const rule: ConsentRule = { id: 'r', effect, labels: named };
  const asked = request('r', { items: [item({ labels: normaliseLabels(carried) })] });
  const policy = consentOf([rule], effect === 'permit' ? 'deny' : 'permit');
  return decide(policy, policy, asked, HOLDER_MSP, AT)[0]?.decision === 'permit';
};
const isDenied = (named: readonly string[], carried: readonly string[]): boolean =>
  !isOpen('deny', named, carried);
const isPermitted = (named: readonly string[], carried: readonly string[]): boolean =>
  isOpen('permit', named, carried);

describe('one spelling', () => {
  test.each<[string, string | undefined, string]>([
    ['PSY', ACT, 'PSY'],
    ['PSY', ACT, 'psy'],
    ['PSY', ACT, ' PSY '],
    ['PSY', ACT, 'ＰＳＹ'],
    ['PSY', ACT, 'P\u200bSY'],
    ['PSY', `${ACT}/`, 'PSY'],
    ['PSY', `${ACT}|2018-08-12`, 'PSY'],
    ['PSY', 'https://terminology.hl7.org/CodeSystem/v3-ActCode', 'PSY'],
    ['PSY', 'HTTP://Terminology.HL7.org/codesystem/V3-actcode', 'PSY'],
    ['PSY', 'http://hl7.org/fhir/v3/ActCode', 'PSY'],
    ['PSY', 'urn:oid:2.16.840.1.113883.5.4', 'PSY'],
    ['PSY', '2.16.840.1.113883.5.4', 'PSY'],
    ['R', 'urn:oid:2.16.840.1.113883.5.25', 'r'],
    ['R', 'http://hl7.org/fhir/v3/Confidentiality', 'R'],
    ['DELAU', ACT, 'DELAU'],
    // Codes that a bare text would not mean.
    [`${CONF}|PSY`, CONF, 'psy'],
    [`${ACT}|R`, 'urn:oid:2.16.840.1.113883.5.4', 'R'],
    // Not known: as it stands.
    [`${OWN}|Psy`, ` ${OWN} `, ' Psy '],
    [`${OWN}|2|Psy`, `${OWN}|2`, 'Psy'],
    ['|PSY', undefined, 'PSY'],
    ['|PSY', '', 'PSY'],
  ])('%s', (normal, system, code) => {
    expect(labelOf(system, code)).toBe(normal);
    expect(normaliseLabel(normal)).toBe(normal);
  });

  test('the code of each, for words', () => {
    expect(['PSY', '|psy', `${OWN}|1|Psy`, `${CONF}|PSY`, EVERY_LABEL].map(labelCode)).toEqual([
      'PSY',
      'PSY',
      'PSY',
      'PSY',
      '*',
    ]);
  });

  test('sorted, without repeats, at most 20', () => {
    expect(normaliseLabels(['R', `${ACT}|eth`, 'ETH'])).toEqual(['ETH', 'R']);
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `${OWN}|${String(i)}`);
    expect(normaliseLabels(many(MAX_LABELS))).toHaveLength(MAX_LABELS);
    expect(normaliseLabels(many(MAX_LABELS + 1))).toEqual([EVERY_LABEL]);
  });
  test.each([
    ['too long', `${OWN}|${'x'.repeat(256)}`],
    ['with a control character', `${OWN}|a\u0007`],
    ['with half a character', `${OWN}|\ud800`],
    ['without a code', `${OWN}|`],
    ['empty', ''],
    ['that says every label', EVERY_LABEL],
  ])('one %s makes them every label', (_, label) => {
    expect(normaliseLabels(['PSY', label])).toEqual([EVERY_LABEL]);
  });
});

/**
 * Parents by code, as HL7 publishes CodeSystem v3-ActCode 11.0.0 (2023-05-30) below
 * `_InformationSensitivityPolicy`.
 */
const PUBLISHED = {
  BH: 'SPI', MH: 'SPI', PSY: 'SPI', PSYTHPN: 'SPI', SUD: 'SPI', COGN: 'BH', DVD: 'BH', EMOTDIS: 'BH', ETHUD: 'SUD', OPIOIDUD: 'SUD',
}; // prettier-ignore

test('a character that is newer than the table means the same on every platform: nothing', () => {
  // U+A7F1 has the compatibility form S since Unicode 17; a platform that does not know it would keep it.
  expect(parseLabel('P\ua7f1Y').code).toBe('PY');
  expect(normaliseLabel('P\ua7f1Y')).toBe('PY');
  expect(normaliseLabel('http://terminology.hl7.org/Code\ua7f1ystem/v3-ActCode|PSY')).toContain('\ua7f1');
});

describe('the published code systems', () => {
  test('every code that can be chosen', () => {
    expect([...SENSITIVITY_LABELS].sort()).toEqual(
      (
        'ADOL B BH CEL COGN DEMO DIA DOB DRGIS DVD EMOTDIS EMP EMPL ETH ETHUD GDIS GENDER HIV IDS LIVARG LOCIS MARST MH MST OPIOIDUD ' +
        'PATLOC PDS PHY PREGNANT PRS PSY PSYTHPN RACE REL SCA SDV SEX SICKLE SPI SSP STD SUD TBOO VIO VIP'
      ).split(' '),
    );
    expect(CONFIDENTIALITY_LABELS.join('<')).toBe('U<L<M<N<R<V');
  });
  test('a denial covers what is below', () => {
    for (const [code, parent] of Object.entries(PUBLISHED)) {
      for (
        let above: string | undefined = parent;
        above !== undefined;
        above = (PUBLISHED as Record<string, string>)[above]
      ) {
        expect([above, coveredByDenial(above)?.has(code)]).toEqual([above, true]);
      }
    }
  });
  test.each([
    ['ETH', 'ETHUD OPIOIDUD SUD'],
    ['OPIOIDUD', 'ETH ETHUD SUD'],
    ['PSY', 'BH EMOTDIS MH PSYTHPN'],
    ['MH', 'BH EMOTDIS PSY PSYTHPN'],
    ['COGN', ''],
    ['HIV', ''],
    ['SEX', 'PREGNANT STD'],
    ['STD', ''],
    ['SDV', 'MST'],
    ['VIO', 'MST SDV'],
    ['SCA', 'SICKLE'],
    ['N', 'R V'],
    ['V', ''],
  ])('what a denial of %s withholds besides: %s', (code, besides) => {
    expect([...(labelGroups[code] ?? [])].sort().join(' ')).toBe(besides);
  });
});

describe('a denial matches widely', () => {
  test.each<[string, string[], string[]]>([
    ['the label', ['PSY'], ['PSY']],
    ['its rule in another spelling', ['urn:oid:2.16.840.1.113883.5.4|psy'], ['PSY']],
    ['its group', ['MH'], ['PSY']],
    ['what is below it', ['SPI'], ['OPIOIDUD']],
    ['the group of what is below it', ['SPI'], ['ETH']],
    ['a stricter confidentiality', ['R'], ['V']],
    ['an unknown confidentiality', ['R'], [`${CONF}|X`]],
    ['a retired code of Confidentiality', ['PSY'], [`${CONF}|PSY`]],
    ['a known code under an unknown system', ['ETH'], [`${OWN}|sud`]],
    ['a known code without a system', ['PSY'], ['|PSY']],
    ['a confidentiality under an unknown system', ['R'], [`${OWN}|V`]],
    ['an unknown code of a known system under an unknown one', ['LOCAL'], [`${OWN}|local`]],
    ['an unknown code of an unknown system in another spelling', [`${OWN}/|1|secret`], [`${OWN}|SECRET`]],
    ['an unknown code without its system', [`${OWN}|secret`], ['|secret']],
    ['labels that cannot be told', ['PSY'], ['*']],
    ['one of several', ['HIV', 'PSY'], ['N', 'PSY', `${OWN}|1`]],
  ])('%s', (_, named, carried) => {
    expect(isDenied(named, carried)).toBe(true);
  });
  test.each<[string, string[], string[]]>([
    ['no label', ['PSY'], []],
    ['another label', ['PSY'], ['HIV']],
    ['what is above it', ['ETHUD'], ['SPI']],
    ['a lower confidentiality', ['R'], ['N']],
    ['a label of an unknown system, for a confidentiality', ['R'], [`${OWN}|1`]],
    ['the same code of another unknown system', [`${OWN}|1`], ['https://other.example.org|1']],
  ])('not %s', (_, named, carried) => {
    expect(isDenied(named, carried)).toBe(false);
  });
});

describe('a permission matches narrowly', () => {
  test.each<[string, string[], string[]]>([
    ['the label', ['PSY'], ['PSY']],
    ['in another spelling', ['PSY'], [`${ACT}|1|psy`]],
    ['all of several', ['HIV', 'PSY'], ['HIV', 'PSY']],
    [
      'beside a confidentiality and what says how to handle it',
      ['PSY'],
      ['PSY', 'V', 'DELAU', 'urn:oid:2.16.840.1.113883.5.8|TREAT'],
    ],
    ['up to a confidentiality', ['R'], ['N']],
    ['without a confidentiality', ['N'], []],
    ['whatever it is about, up to a confidentiality', ['N'], ['HIV', 'N']],
    ['both, where it names both', ['PSY', 'R'], ['PSY', 'R']],
  ])('%s', (_, named, carried) => {
    expect(isPermitted(named, carried)).toBe(true);
  });
  test.each<[string, string[], string[]]>([
    ['another label beside it', ['PSY'], ['HIV', 'PSY']],
    ['its group', ['PSY'], ['MH']],
    ['what is below it', ['SUD'], ['ETHUD']],
    ['an unlabelled item', ['PSY'], []],
    ['an item with a confidentiality alone', ['PSY'], ['N']],
    ['an unknown system', ['PSY'], [`${OWN}|PSY`]],
    ['no system', ['PSY'], ['|PSY']],
    ['a retired code of Confidentiality', ['PSY'], [`${CONF}|PSY`]],
    ['an unknown label beside it', ['PSY'], ['PSY', `${OWN}|1`]],
    ['a label of an unknown system, though named', [`${OWN}|1`], [`${OWN}|1`]],
    ['a stricter confidentiality', ['N'], ['R']],
    ['an unknown confidentiality', ['R'], [`${CONF}|X`]],
    ['a confidentiality of an unknown system', ['R'], [`${OWN}|N`]],
    ['labels that cannot be told', ['PSY', 'V'], ['*']],
    ['a stricter confidentiality where it names both', ['PSY', 'N'], ['PSY', 'R']],
    ['one of both', ['PSY', 'N'], ['N']],
  ])('not %s', (_, named, carried) => {
    expect(isPermitted(named, carried)).toBe(false);
  });
  test('one without labels does not look at them', () => {
    const policy = consentOf([{ id: 'r', effect: 'permit' }]);
    const asked = request('r', { items: [item({ labels: ['*'] }), item({ labels: ['HIV', 'V'] })] });
    expect(decide(policy, policy, asked, HOLDER_MSP, AT).map(({ decision }) => decision)).toEqual([
      'permit',
      'permit',
    ]);
  });
});

test('"nobody but X may see psychiatry" does not open what is about HIV as well', () => {
  const policy = consentOf([
    { id: 'x', effect: 'permit', user: 'urn:oid:2.16.840.1.113883.4.6#10', org: HOLDER_MSP, labels: ['PSY'] },
    { id: 'no-psy', effect: 'deny', labels: ['PSY'] },
    { id: 'no-hiv', effect: 'deny', labels: ['HIV'] },
    { id: 'care', effect: 'permit', purposes: ['TREAT'] },
  ]);
  const items = [item({ labels: ['PSY'] }), item({ labels: ['HIV', 'PSY'] }), item()];
  expect(
    decide(policy, policy, request('r', { items }), HOLDER_MSP, AT).map(({ decision }) => decision),
  ).toEqual(['permit', 'deny', 'permit']);
});
