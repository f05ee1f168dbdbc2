// SPDX-License-Identifier: Apache-2.0
import type { z } from 'zod';
import { ConfigError } from './configError';
import { type Environment, modeOf, type ReadFile, type ReadMode } from './environment';
import { MIN_SECRET_BYTES } from './forms';
import { Secret } from './secret';
import { type VariableName, VARIABLES } from './variables';

/** Permissions of anybody but the owner. */
const OTHERS = 0o077;

/** Collects problems while files are read, so that all are reported together. */
export class ConfigReader {
  readonly problems: string[] = [];
  readonly #readFile: ReadFile;
  readonly #readMode: ReadMode;
  constructor(readFile: ReadFile, readMode: ReadMode = modeOf) {
    this.#readFile = readFile;
    this.#readMode = readMode;
  }

  complain(variable: VariableName, problem: string): void {
    const { what, example } = VARIABLES[variable];
    this.problems.push(`${variable}: ${problem}. Expected: ${what}. Example: ${variable}=${example}`);
  }

  bytes(variable: VariableName, path: string | undefined, minimum = 1): Uint8Array {
    if (path === undefined) {
      this.complain(variable, 'is not set');
      return new Uint8Array();
    }
    try {
      const bytes = this.#readFile(path);
      if (bytes.length < minimum) {
        this.complain(
          variable,
          `the file holds ${String(bytes.length)} bytes, fewer than ${String(minimum)}`,
        );
      }
      return bytes;
    } catch (error) {
      this.complain(variable, `the file cannot be read (${errorCode(error)})`);
      return new Uint8Array();
    }
  }

  /** Nothing when it cannot be read: the part that needs the file complains. */
  quietly(path: string): Uint8Array {
    try {
      return this.#readFile(path);
    } catch {
      return new Uint8Array();
    }
  }

  text(variable: VariableName, path: string | undefined): string {
    return new TextDecoder().decode(this.bytes(variable, path));
  }

  secret(variable: VariableName, path: string | undefined, minimum = 1): Secret {
    return new Secret(this.bytes(variable, path, minimum));
  }

  /** A secret that its owner alone may read, without the line break that editors put at its end. */
  ownSecret(variable: VariableName, path: string | undefined): Secret {
    const bytes = this.bytes(variable, path);
    if (path === undefined || bytes.length === 0) {
      return new Secret(bytes);
    }
    const others = this.#modeOf(variable, path) & OTHERS;
    if (others !== 0) {
      this.complain(variable, `the file is not its owner's alone; run: chmod 600 ${path}`);
    }
    const text = new TextDecoder().decode(bytes).replace(/\r?\n$/, '');
    if (text === '') {
      this.complain(variable, 'the file holds an empty line only');
    }
    return new Secret(new TextEncoder().encode(text));
  }

  /** A file that something else will read. */
  existing(variable: VariableName, path: string | undefined): void {
    if (path !== undefined) {
      this.#modeOf(variable, path);
    }
  }

  /** 0 after a complaint. */
  #modeOf(variable: VariableName, path: string): number {
    try {
      return this.#readMode(path);
    } catch (error) {
      this.complain(variable, `the file cannot be looked at (${errorCode(error)})`);
      return 0;
    }
  }

  together(values: Readonly<Partial<Record<VariableName, string | undefined>>>): boolean {
    const names = Object.keys(values) as VariableName[];
    const set = names.filter((name) => values[name] !== undefined);
    for (const name of names) {
      if (set.length > 0 && values[name] === undefined) {
        this.complain(name, `is not set although ${set.join(', ')} is`);
      }
    }
    return set.length === names.length;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
}

export function parseShape<T>(
  schema: z.ZodType<T>,
  environment: Environment,
  reader: ConfigReader,
): T | undefined {
  const parsed = schema.safeParse(environment);
  if (parsed.success) {
    return parsed.data;
  }
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    if (name in VARIABLES) {
      const variable = name as VariableName;
      reader.complain(variable, environment[variable] === undefined ? 'is not set' : issue.message);
    }
  }
  checkFiles(environment, reader);
  return undefined;
}

const LONG_SECRETS: readonly VariableName[] = ['CONSORTIUM_KEY_FILE', 'PAGE_KEY_FILE'];

/**
 * Reads the files of a configuration that is refused anyway, so that their problems are in the same report.
 */
function checkFiles(environment: Environment, reader: ConfigReader): void {
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const path = environment[name];
    if (path === undefined || path === '') {
      continue;
    }
    if (name === 'FABRIC_HSM_PIN_FILE') {
      reader.ownSecret(name, path);
    } else if (name.endsWith('_FILE')) {
      reader.bytes(name, path, LONG_SECRETS.includes(name) ? MIN_SECRET_BYTES : 1);
    }
  }
}

export function finish<T>(config: T, reader: ConfigReader): T {
  if (reader.problems.length > 0) {
    throw new ConfigError(reader.problems);
  }
  return Object.freeze(config);
}
