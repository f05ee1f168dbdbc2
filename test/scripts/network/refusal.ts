// SPDX-License-Identifier: Apache-2.0

/** What `call` throws; fails when it does not throw. */
export function refusal(call: () => unknown): unknown {
  try {
    call();
  } catch (cause) {
    return cause;
  }
  throw new Error('It did not throw');
}
