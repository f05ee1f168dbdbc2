// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;
/** Reads a file; injected so that parsing stays pure in tests. */
export type ReadFile = (path: string) => Uint8Array;
/**
 * A file's mode, as `stat` gives it; injected for the same reason.
 * @throws Error with a `code` when there is no such file.
 */
export type ReadMode = (path: string) => number;

export const modeOf: ReadMode = (path) => statSync(path).mode;
