// SPDX-License-Identifier: Apache-2.0
/**
 * What is known of security labels, for decisions and for words alike. Codes and hierarchy: HL7 terminology,
 * CodeSystem v3-ActCode 11.0.0 and v3-Confidentiality 5.0.0 (2023-05-30), the codes of ValueSet
 * v3-InformationSensitivityPolicy and v3-Confidentiality. FHIR R4 (2018) has the same without PREGNANT, IDS,
 * PATLOC and VIP. HL7 publishes them under CC0.
 */

/** Sensitivity codes of HL7 v3 ActCode that can be chosen, each with the codes directly below it. */
// prettier-ignore
const BELOW: Readonly<Record<string, readonly string[]>> = {
  ETH: [], GDIS: [], HIV: [], MST: [], PREGNANT: [], SCA: [], SDV: [], SEX: [], STD: [], TBOO: [], VIO: [], IDS: [], SICKLE: [],
  SPI: ['BH', 'MH', 'PSY', 'PSYTHPN', 'SUD'],
  BH: ['COGN', 'DVD', 'EMOTDIS'],
  COGN: [], DVD: [], EMOTDIS: [], MH: [], PSY: [], PSYTHPN: [],
  SUD: ['ETHUD', 'OPIOIDUD'],
  ETHUD: [], OPIOIDUD: [],
  DEMO: [], DOB: [], GENDER: [], LIVARG: [], MARST: [], PATLOC: [], RACE: [], REL: [],
  B: [], EMPL: [], LOCIS: [], SSP: [],
  ADOL: [], CEL: [], VIP: [], DIA: [], DRGIS: [], EMP: [], PDS: [], PHY: [], PRS: [],
};

/** The codes of one matter, which HL7 keeps apart: who denies one of them denies all. */
const GROUPS: readonly (readonly string[])[] = [
  // Alcohol and drugs: data about one use are labelled with any of these.
  ['ETH', 'SUD', 'ETHUD', 'OPIOIDUD'],
  // Mental health: HL7 has five codes, and none of them is above another but BH above EMOTDIS.
  ['BH', 'EMOTDIS', 'MH', 'PSY', 'PSYTHPN'],
  // Sexual assault and violence.
  ['MST', 'SDV'],
  // Sickle cell: the code and its retired predecessor.
  ['SCA', 'SICKLE'],
  // Two codes that HL7 gives the same name.
  ['CEL', 'VIP'],
];

/**
 * What a code means to contain though HL7 does not put it below: by the definitions, "all demographic
 * information" and so on.
 */
const CONTAINS: Readonly<Record<string, readonly string[]>> = {
  DEMO: ['DOB', 'GENDER', 'LIVARG', 'MARST', 'RACE', 'REL'],
  GDIS: ['SCA', 'SICKLE'],
  SEX: ['PREGNANT', 'STD'],
  VIO: ['MST', 'SDV'],
};

/** Confidentiality of HL7 v3, from the lowest to the highest. */
export const CONFIDENTIALITY_LABELS = ['U', 'L', 'M', 'N', 'R', 'V'] as const;
export type Confidentiality = (typeof CONFIDENTIALITY_LABELS)[number];

/** Codes of HL7 v3 ActCode that say how to handle data, not what they are about: obligations and refrains. */
// prettier-ignore
export const HANDLING_LABELS: ReadonlySet<string> = new Set([
  'ANONY', 'AOD', 'AUDIT', 'AUDTR', 'CPLYCC', 'CPLYCD', 'CPLYCUI', 'CPLYJPP', 'CPLYJSP', 'CPLYOPP', 'CPLYOSP', 'CPLYPOL', 'CUIMARK',
  'DECLASSIFYLABEL', 'DEID', 'DELAU', 'DOWNGRDLABEL', 'DRIVLABEL', 'ENCRYPT', 'ENCRYPTR', 'ENCRYPTT', 'ENCRYPTU', 'HUAPRV', 'LABEL',
  'MASK', 'MINEC', 'PERSISTLABEL', 'PRIVMARK', 'PROCESSINLINELABEL', 'PSEUD', 'REDACT', 'UPGRDLABEL',
  'NOAUTH', 'NOCOLLECT', 'NODSCLCD', 'NODSCLCDS', 'NOINTEGRATE', 'NOLIST', 'NOMOU', 'NOORGPOL', 'NOPAT', 'NOPERSISTP', 'NORDSCLCD',
  'NORDSCLCDS', 'NORDSCLW', 'NORDSLCD', 'NORELINK', 'NOREUSE', 'NOVIP', 'ORCON',
]);

/**
 * Systems whose codes say how data may be used or how sound they are: HL7 v3 ActReason and ObservationValue.
 */
export const HANDLING_SYSTEMS: ReadonlySet<string> = new Set([
  ...namesOf('ActReason', '2.16.840.1.113883.5.8'),
  ...namesOf('ObservationValue', '2.16.840.1.113883.5.1063'),
]);

export type KnownSystem = 'ActCode' | 'Confidentiality';

/** The URL by which HL7 names a known system today. */
export const SYSTEM_URLS: Readonly<Record<KnownSystem, string>> = {
  ActCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  Confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
};

/** The known systems by their names, folded as {@link namesOf} says. */
export const SYSTEM_NAMES: ReadonlyMap<string, KnownSystem> = new Map([
  ...namesOf('ActCode', '2.16.840.1.113883.5.4').map((name) => [name, 'ActCode'] as const),
  ...namesOf('Confidentiality', '2.16.840.1.113883.5.25').map((name) => [name, 'Confidentiality'] as const),
]);

/**
 * Every sensitivity code of HL7 that can be chosen, in the order of its code system. `SICKLE` is retired, but
 * is still found in data.
 */
export const SENSITIVITY_LABELS: readonly string[] = Object.keys(BELOW);

/**
 * For each known code the codes that a denial of it covers, itself included: what HL7 puts below it, and its
 * group.
 */
const COVERED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...SENSITIVITY_LABELS.map((code) => [code, coveredBy(code)] as const),
  ...CONFIDENTIALITY_LABELS.map((code, i) => [code, new Set(CONFIDENTIALITY_LABELS.slice(i))] as const),
]);

/**
 * What a denial of `code` withholds. A sensitivity code: itself, what is below it, and its group. A
 * confidentiality: itself and what is stricter. Undefined for a code that HL7's two value sets do not have.
 */
export function coveredByDenial(code: string): ReadonlySet<string> | undefined {
  return COVERED.get(code);
}

/**
 * For each code of HL7's sensitivity and confidentiality value sets, which other codes a denial of it
 * withholds as well.
 */
export const labelGroups: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...COVERED].map(([code, covered]) => [code, [...covered].filter((other) => other !== code)]),
);

function coveredBy(code: string): ReadonlySet<string> {
  const below = new Set([code]);
  for (const each of below) {
    for (const lower of [...(BELOW[each] ?? []), ...(CONTAINS[each] ?? [])]) {
      below.add(lower);
    }
  }
  const groups = GROUPS.filter((group) => group.some((member) => below.has(member)));
  return new Set([...below, ...groups.flat()]);
}

/**
 * What an HL7 v3 code system is called in R4 and later, STU3, DSTU2 and by OID: small letters, `http:`, no
 * version, no slash at the end.
 */
function namesOf(system: string, oid: string): readonly string[] {
  return [
    `http://terminology.hl7.org/CodeSystem/v3-${system}`,
    `http://terminology.hl7.org/CodeSystem/${system}`,
    `http://hl7.org/fhir/CodeSystem/v3-${system}`,
    `http://hl7.org/fhir/v3/${system}`,
    `http://hl7.org/fhir/v3-${system}`,
    `http://www.hl7.org/fhir/v3/${system}`,
    `urn:oid:${oid}`,
    `oid:${oid}`,
    oid,
    `v3-${system}`,
    system,
  ].map((name) => name.toLowerCase());
}
