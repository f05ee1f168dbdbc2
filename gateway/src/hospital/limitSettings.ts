// SPDX-License-Identifier: Apache-2.0
import { type AccessLimits, DEFAULT_ACCESS_LIMITS } from './limits';
import { MIDDLE_BYTES, LARGE_SHARE, MIN_LARGE_PLACES } from './sourceMemory';

/** One limit as an operator sets it, in `unit`s. */
export interface LimitSetting {
  readonly limit: keyof AccessLimits;
  /** With unit and bounds. */
  readonly what: string;
  /** How many of the limit's own units one of the setting is. */
  readonly scale: number;
  readonly minimum: number;
  readonly maximum: number;
}

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;

/** What bounds one access, by environment variable. The defaults are {@link DEFAULT_ACCESS_LIMITS}. */
export const LIMIT_SETTINGS = {
  SEARCH_COUNT: {
    limit: 'defaultCount',
    what: 'matches on a page of a search that does not say how many',
    scale: 1,
    minimum: 1,
    maximum: 10_000,
  },
  SEARCH_MAX_COUNT: {
    limit: 'maxCount',
    what: 'matches on a page at most, whatever the caller asks for',
    scale: 1,
    minimum: 1,
    maximum: 10_000,
  },
  EVERYTHING_COUNT: {
    limit: 'everythingCount',
    what: 'resources on a page of a $everything that does not say how many',
    scale: 1,
    minimum: 1,
    maximum: 100_000,
  },
  ANSWER_MIB: {
    limit: 'answerBytes',
    what: 'MiB of the resources in one answer, less where memory is full; a single larger one is given alone, the rest with the next link',
    scale: MIB,
    minimum: 1,
    maximum: 1_024,
  },
  READING_DEADLINE_MS: {
    limit: 'deadlineMs',
    what: 'milliseconds for reading the source for one access, after which it is refused (503)',
    scale: 1,
    minimum: 1_000,
    maximum: 10 * MINUTE_MS,
  },
  EMERGENCY_PAGE_MS: {
    limit: 'emergencyPageMs',
    what: 'milliseconds after which break-glass gets what was found until then, and a next link; less than READING_DEADLINE_MS',
    scale: 1,
    minimum: 500,
    maximum: 2 * MINUTE_MS,
  },
  NEXT_LINK_SECONDS: {
    limit: 'linkAgeSeconds',
    what: 'seconds for which a next link is good',
    scale: 1,
    minimum: 60,
    maximum: 86_400,
  },
  SEND_IDLE_MS: {
    limit: 'sendIdleMs',
    what: 'milliseconds after which a caller that takes in nothing of its answer is cut off',
    scale: 1,
    minimum: 1_000,
    maximum: 10 * MINUTE_MS,
  },
  SEND_KIB_PER_SECOND: {
    limit: 'sendBytesPerSecond',
    what: 'KiB a second at which a caller must take in an answer on the whole, SEND_IDLE_MS besides; a slower one is cut off',
    scale: 1024,
    minimum: 1,
    maximum: 1_048_576,
  },
  UPSTREAM_COUNT: {
    limit: 'sourceCount',
    what: 'matches that the upstream server is asked for at a time, where an answer takes several',
    scale: 1,
    minimum: 1,
    maximum: 10_000,
  },
  UPSTREAM_ANSWER_MIB: {
    limit: 'sourceBytes',
    what: 'MiB of one answer of the upstream server; of a larger page a part is asked for, a larger resource is stepped over',
    scale: MIB,
    minimum: 1,
    maximum: 256,
  },
  UPSTREAM_MEMORY_MIB: {
    limit: 'memoryBytes',
    what: 'MiB of the upstream server’s answers above 256 KiB in memory at a time; the process takes several times as much',
    scale: MIB,
    minimum: 16,
    maximum: 16_384,
  },
} as const satisfies Readonly<Record<string, LimitSetting>>;

export type LimitVariable = keyof typeof LIMIT_SETTINGS;

export const LIMIT_VARIABLES = Object.keys(LIMIT_SETTINGS) as readonly LimitVariable[];

/** The default in the setting's unit. */
export function defaultOf(variable: LimitVariable): number {
  const { limit, scale } = LIMIT_SETTINGS[variable];
  return DEFAULT_ACCESS_LIMITS[limit] / scale;
}

/** For help and complaints. */
export function describeLimit(variable: LimitVariable): { what: string; example: string } {
  const { what, minimum, maximum } = LIMIT_SETTINGS[variable];
  const bounds = `${minimum.toLocaleString('en')}–${maximum.toLocaleString('en')}`;
  return { what: `${what}, ${bounds}`, example: String(defaultOf(variable)) };
}

/** @param values in the settings' units. */
export function limitsOf(values: Readonly<Record<LimitVariable, number>>): AccessLimits {
  const given = LIMIT_VARIABLES.map((variable) => {
    const { limit, scale } = LIMIT_SETTINGS[variable];
    return [limit, values[variable] * scale] as const;
  });
  return { ...DEFAULT_ACCESS_LIMITS, ...Object.fromEntries(given) };
}

/** What does not fit together, each with the setting to change. */
export function contradictions(limits: AccessLimits): readonly (readonly [LimitVariable, string])[] {
  const problems: (readonly [LimitVariable, string])[] = [];
  if (limits.defaultCount > limits.maxCount) {
    problems.push(['SEARCH_COUNT', 'is more than SEARCH_MAX_COUNT']);
  }
  if (limits.emergencyPageMs >= limits.deadlineMs) {
    problems.push(['EMERGENCY_PAGE_MS', 'is not less than READING_DEADLINE_MS']);
  }
  const least = (MIN_LARGE_PLACES * Math.max(limits.sourceBytes, MIDDLE_BYTES)) / LARGE_SHARE;
  if (limits.memoryBytes < least) {
    problems.push([
      'UPSTREAM_MEMORY_MIB',
      `is less than ${String(Math.ceil(least / MIB))}, which ${String(MIN_LARGE_PLACES)} answers of UPSTREAM_ANSWER_MIB need`,
    ]);
  }
  return problems;
}
