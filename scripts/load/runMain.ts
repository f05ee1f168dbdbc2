// SPDX-License-Identifier: Apache-2.0

/**
 * Runs a program's main part: its result is the exit status. An error is printed and ends the program at once
 * with 1, whatever load and processes it still has.
 */
export function runMain(main: () => Promise<number>): void {
  main().then(
    (status) => {
      process.exitCode = status;
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`);
      process.exit(1);
    },
  );
}
