// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react';
import { whenIdle } from './idle';

/** What waits for a quiet moment does not wait long, also on a page that is always busy. */
const LATEST_MS = 1000;

/**
 * False until the browser has had time to show what is there since `isReady`: the rest is drawn or loaded
 * after that, not beside it.
 */
export function useHasBeenIdle(isReady = true): boolean {
  const [hasBeen, setHasBeen] = useState(false);
  useEffect(() => {
    if (!isReady) {
      return;
    }
    return whenIdle(() => {
      setHasBeen(true);
    }, LATEST_MS);
  }, [isReady]);
  return hasBeen;
}
