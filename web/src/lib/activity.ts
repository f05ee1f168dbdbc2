// SPDX-License-Identifier: Apache-2.0

// The server prolongs a session with every request. Asking by itself for news must therefore stop when nobody
// is there any more, or a forgotten tab would never be signed out.
const ACTIVE_FOR_MS = 5 * 60_000;
let lastSeen = Date.now();

for (const type of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
  document.addEventListener(
    type,
    () => {
      lastSeen = Date.now();
    },
    { passive: true, capture: true },
  );
}

/** Whether somebody has used this visible page in the last minutes. */
export function isSomebodyHere(): boolean {
  return document.visibilityState === 'visible' && Date.now() - lastSeen < ACTIVE_FOR_MS;
}
