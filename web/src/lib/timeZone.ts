// SPDX-License-Identifier: Apache-2.0

/**
 * The reader's time zone as times on the page are written in it: its name and its distance from UTC at `at`,
 * "Europe/Oslo (GMT+02:00)".
 */
export function timeZoneName(language: string, at: Date): string {
  const format = new Intl.DateTimeFormat(language, { timeZoneName: 'longOffset' });
  const offset = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return `${format.resolvedOptions().timeZone} (${offset})`;
}
