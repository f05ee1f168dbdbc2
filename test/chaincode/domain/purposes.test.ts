// SPDX-License-Identifier: Apache-2.0
import { isEmergencyPurpose, purposeMatches } from '@chartwitness/chaincode/domain';

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
