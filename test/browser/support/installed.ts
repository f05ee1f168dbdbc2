// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';

/** The first of some places of a program that is there. */
export function installed(...places: readonly (string | undefined)[]): string | undefined {
  return places.find((place) => place !== undefined && existsSync(place));
}

/** Says by name, in the test's own title, which browser's flows did not run here, and how to let them run. */
export function nameWhatDidNotRun(browser: string, packages: string): void {
  it(`${browser} DID NOT RUN here: install the system's package ${packages}`, () => {
    process.stderr.write(`not run: the flows in ${browser} (missing: ${packages})\n`);
    expect(installed()).toBeUndefined();
  });
}
