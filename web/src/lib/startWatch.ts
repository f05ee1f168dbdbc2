// SPDX-License-Identifier: Apache-2.0

/** Whatever is marked so says that the portal is not there, and stays only until it is. */
const NOT_THERE = '[data-not-there]';
/** What the page itself holds until the portal draws over it. */
const NOT_YET = '.not-yet';

const AGAIN_EVERY_MS = 5_000;
/** A page that was loaded anew and lacks something again is loaded no more often than this. */
const AFTER_RELOAD_MS = 60_000;

export interface StartWatch {
  readonly page: Document;
  /** Whether the server gives the page now. */
  readonly ask: () => Promise<boolean>;
  readonly reload: () => void;
  /** Whether this page came by a reload. */
  readonly isReloaded: boolean;
}

/**
 * Looks after a page whose scripts or words may not arrive: when everything that was under way has ended and
 * the portal is not there, asks for the server in turns, and loads the page anew when it answers. Ends when
 * the portal is there.
 */
export function watchStart({ page, ask, reload, isReloaded }: StartWatch): void {
  let isAsking = false;
  const turn = async (): Promise<void> => {
    if (page.readyState !== 'complete' || isAsking) {
      return;
    }
    if (page.querySelector(NOT_THERE) === null) {
      if (page.querySelector(NOT_YET) === null) {
        end();
      }
      return;
    }
    isAsking = true;
    const isBack = await ask();
    isAsking = false;
    if (isBack && page.querySelector(NOT_THERE) !== null) {
      end();
      reload();
    }
  };
  const look = (): void => {
    void turn();
  };
  const timer = setInterval(look, isReloaded ? AFTER_RELOAD_MS : AGAIN_EVERY_MS);
  window.addEventListener('online', look);
  const end = (): void => {
    clearInterval(timer);
    window.removeEventListener('online', look);
  };
}
