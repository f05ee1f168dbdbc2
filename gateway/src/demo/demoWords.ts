// SPDX-License-Identifier: Apache-2.0
import type { DayPlayed } from './day';
import type { DemoFile } from './demoFile';

/** Whom to sign in as first: both hospitals know her, and her list has every kind of entry. */
const FIRST = 'liz';

/** What each person's list and rules show, by sign-in name. */
const SHOWS: Readonly<Record<string, string>> = {
  chet: 'an emergency room opened his record against his rules',
  alberto: 'psychiatry is closed to everyone',
  ned: 'open to all who treat him',
  buster: 'closed to everyone',
};
const NO_RULES = 'no rules of their own: the network’s default decides';

const REASONS = [
  'Why her: an emergency room opened her record, an ordinary request got nothing, and one closed topic held.',
  'Then:    open the emergency, see who, why and by which rule; change "Who may look"; the next request obeys.',
];
const NO_DAY = ['Why her: both hospitals know her. Nobody has asked yet, so her list is empty.'];

/** One line about a day that was played. */
export function dayInWords({ consents, requests, refused, failed, emergencies }: DayPlayed): string {
  return (
    `Played a day: ${String(consents)} patients set their rules, hospitals made ${String(requests)} requests ` +
    `(${String(emergencies)} emergencies); ${String(refused)} got nothing.` +
    (failed === 0 ? '' : ` ${String(failed)} failed; the log says why.`)
  );
}

export interface SummaryFacts {
  readonly file: DemoFile;
  /** Whether the data folder was new. */
  readonly isNew: boolean;
  /** Whether a day was played in this folder. */
  readonly hasDay: boolean;
  readonly elapsedMs: number;
  readonly demoFile: string;
  /** Where the program's log goes. */
  readonly log: string;
}

/** What a person needs: what to open first and why, whom else there is, and where the rest stands. */
export function summary(facts: SummaryFacts): string {
  const { file, isNew, hasDay, elapsedMs } = facts;
  const people = [...new Map(file.patients.map((patient) => [patient.username, patient])).values()];
  const others = people.filter(({ username }) => username !== FIRST);
  const first = people.find(({ username }) => username === FIRST);
  return [
    '',
    `Ready after ${(elapsedMs / 1000).toFixed(1)} s${isNew ? '' : ', with the data of earlier runs (--fresh starts over)'}.`,
    '',
    'Others to sign in as',
    ...others.map(
      ({ username, password, name }) =>
        `  ${username.padEnd(9)} ${password}   ${hasDay ? (SHOWS[username] ?? NO_RULES) : name}`,
    ),
    '',
    ...file.hospitals.map(({ name, fhirBaseUrl }) => `${name.padEnd(15)} ${fhirBaseUrl}`),
    `${'API'.padEnd(15)} ${file.apiBaseUrl}/openapi.json`,
    `${'Metrics'.padEnd(15)} ${file.operationsUrls.map((url) => `${url}/metrics`).join(' ')}`,
    `${'For programs'.padEnd(15)} ${facts.demoFile}`,
    `${'Log'.padEnd(15)} ${facts.log}`,
    '',
    `Open first      ${file.portalUrl}`,
    `Sign in as      ${first?.username ?? ''}, password ${first?.password ?? ''}`,
    ...(hasDay ? REASONS : NO_DAY),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
