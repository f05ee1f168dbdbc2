// SPDX-License-Identifier: Apache-2.0
import { useSyncExternalStore } from 'react';

/**
 * `open`: nothing says otherwise; `asking`: the page came out of a browser's memory; `ended`: there was a
 * session and it is over.
 */
type SessionState = 'open' | 'asking' | 'ended';

let state: SessionState = 'open';
const listeners = new Set<() => void>();

export function setSessionState(next: SessionState): void {
  state = next;
  for (const listener of listeners) {
    listener();
  }
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

const CHANNEL = 'chartwitness.session';

/** Tells the other tabs of this browser that a session began or ended. Carries no data. */
export function tellOtherTabs(message: 'signedIn' | 'signedOut'): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(message);
  channel.close();
}

/** Hears other tabs; returns how to stop. */
export function hearOtherTabs(onMessage: (message: 'signedIn' | 'signedOut') => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === 'signedIn' || data === 'signedOut') {
      onMessage(data);
    }
  };
  return () => {
    channel.close();
  };
}

/** Where the sign-in starts, in the language `tag`; it comes back to `path` of this portal. */
export function signInPath(path: string, tag: string): string {
  return `/auth/login?${new URLSearchParams({ returnTo: path, ui_locales: tag }).toString()}`;
}
