// SPDX-License-Identifier: Apache-2.0

/** Ends the process with status 2 and says what is wrong with how it was called. */
export function usage(problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

/** Option `name` of a command line as a whole number from 1; ends the process when it is none. */
export function wholeNumber(values, name) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    usage(`--${name} must be a whole number from 1, not "${values[name]}"`);
  return number;
}
