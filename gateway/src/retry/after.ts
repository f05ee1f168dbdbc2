// SPDX-License-Identifier: Apache-2.0

/** Runs `action` once after `milliseconds` unless the returned function is called before. */
export type After = (milliseconds: number, action: () => void) => () => void;

/** By the process's clock; keeps no process alive. */
export function afterTimeout(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, milliseconds);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
