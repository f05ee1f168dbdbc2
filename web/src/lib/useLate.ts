// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ComponentType } from 'react';

const LATE_MS = 3_000;

/**
 * A part that no page needs in its first seconds, and that is therefore not part of the first download. A
 * download that fails is tried again: the page goes on without the part until then.
 * @param load the same function each time.
 * @returns null until it is there.
 */
export function useLate<Props>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> | null {
  const [Part, setPart] = useState<ComponentType<Props> | null>(null);
  useEffect(() => {
    if (Part !== null) {
      return;
    }
    const timer = setInterval(() => {
      load().then(
        (loaded) => {
          setPart(() => loaded);
        },
        () => undefined,
      );
    }, LATE_MS);
    return () => {
      clearInterval(timer);
    };
  }, [Part, load]);
  return Part;
}
