// SPDX-License-Identifier: Apache-2.0
import {
  isEmergencyPurpose,
  labelOf,
  normaliseLabel,
  normaliseLabels,
  purposeMatches,
} from '@chartwitness/chaincode/domain';

describe('purposeMatches', () => {
  test.each([
    ['TREAT', 'TREAT'],
    ['TREAT', 'COC'],
    ['TREAT', 'ERTREAT'],
    ['HOPERAT', 'HTEST'],
    ['SYSDEV', 'HTEST'],
    ['HPAYMT', 'ELIGVER'],
    ['HRESCH', 'PRECLINTRCH'],
    ['PATRQT', 'FAMRQT'],
    ['PUBHLTH', 'DISASTER'],
    ['BTG', 'BTG'],
    ['ETREAT', 'ETREAT'],
    ['LOCAL-CODE', 'LOCAL-CODE'],
  ])('a rule for %s covers %s', (rule, request) => {
    expect(purposeMatches(rule, request)).toBe(true);
  });

  test.each([
    ['COC', 'TREAT'],
    ['TREAT', 'HPAYMT'],
    ['TREAT', 'ETREAT'],
    ['TREAT', 'BTG'],
    ['ETREAT', 'BTG'],
    ['BTG', 'ETREAT'],
    ['ETREAT', 'TREAT'],
    ['BTG', 'TREAT'],
    ['ETREAT', 'ERTREAT'],
    ['HTEST', 'SYSDEV'],
    ['HPAYMT', 'HOPERAT'],
    ['treat', 'TREAT'],
    ['', 'TREAT'],
    ['LOCAL-CODE', 'OTHER-CODE'],
    ['__proto__', 'constructor'],
  ])('a rule for %s does not cover %s', (rule, request) => {
    expect(purposeMatches(rule, request)).toBe(false);
  });

  test('only BTG and ETREAT break the glass', () => {
    expect(['BTG', 'ETREAT'].map(isEmergencyPurpose)).toEqual([true, true]);
    expect(['TREAT', 'ERTREAT', 'btg', 'BTG ', 'ETREAT,BTG', ''].map(isEmergencyPurpose)).not.toContain(true);
  });
});

describe('labels', () => {
  test.each([
    ['http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY', 'PSY'],
    ['http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R', 'R'],
    ['PSY', 'PSY'],
    ['https://example.org/labels|PSY', 'https://example.org/labels|PSY'],
    ['http://terminology.hl7.org/CodeSystem/v3-ActCode', 'http://terminology.hl7.org/CodeSystem/v3-ActCode'],
    [
      'http://terminology.hl7.org/CodeSystem/v3-ActCode|',
      'http://terminology.hl7.org/CodeSystem/v3-ActCode|',
    ],
    [
      'http://terminology.hl7.org/CodeSystem/v3-ActCodes|PSY',
      'http://terminology.hl7.org/CodeSystem/v3-ActCodes|PSY',
    ],
  ])('%s is written %s', (label, normal) => {
    expect(normaliseLabel(label)).toBe(normal);
    expect(normaliseLabel(normal)).toBe(normal);
  });

  test('a Coding’s label', () => {
    expect(labelOf('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'HIV')).toBe('HIV');
    expect(labelOf('https://example.org', 'HIV')).toBe('https://example.org|HIV');
    expect(labelOf(undefined, 'HIV')).toBe('HIV');
  });

  test('a list is sorted and has no repeats', () => {
    expect(normaliseLabels(['R', 'http://terminology.hl7.org/CodeSystem/v3-ActCode|ETH', 'ETH'])).toEqual([
      'ETH',
      'R',
    ]);
  });
});
