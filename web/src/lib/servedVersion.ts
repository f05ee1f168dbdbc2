// SPDX-License-Identifier: Apache-2.0

/**
 * What the server has now: the version of the portal that is open here, another one, or nothing that can be
 * reached.
 */
export type ServedVersion = 'same' | 'other' | 'away';

/**
 * Compares the scripts that this page was made of with those that the server's page names now: their names
 * change with their content.
 */
export async function askVersion(): Promise<ServedVersion> {
  try {
    const answer = await fetch('/', { cache: 'no-store', headers: { Accept: 'text/html' } });
    if (!answer.ok) {
      return 'away';
    }
    const page = await answer.text();
    const own = [...document.querySelectorAll('script[src]')].map(
      (script) => script.getAttribute('src') ?? '',
    );
    return own.every((name) => page.includes(name)) ? 'same' : 'other';
  } catch {
    return 'away';
  }
}
