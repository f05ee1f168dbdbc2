// SPDX-License-Identifier: Apache-2.0

/**
 * Answers on their way since before the portal's own code was there (`early.ts`), by path. Each is given away
 * once, and only while nothing has gone wrong: what was asked without a session, or on a broken connection,
 * says nothing about the requests that follow.
 */
const underWay = new Map<string, Promise<Response>>();

export const JSON_READ = { credentials: 'same-origin', headers: { Accept: 'application/json' } } as const;

export function beginEarly(paths: readonly string[]): void {
  for (const path of paths) {
    const answer = fetch(path, JSON_READ);
    const forget = (): void => {
      underWay.clear();
    };
    answer.then(({ ok }) => {
      if (!ok) {
        forget();
      }
    }, forget);
    underWay.set(path, answer);
  }
}

/** Whether a read of `path` is on its way, or answered, and not yet taken. */
export function isUnderWay(path: string): boolean {
  return underWay.has(path);
}

/** The answer that is on its way for a read of `path`; undefined when it must be asked for. */
export function takeEarly(path: string): Promise<Response> | undefined {
  const answer = underWay.get(path);
  underWay.delete(path);
  return answer;
}
