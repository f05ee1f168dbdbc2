// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import { useSyncExternalStore } from 'react';
import type { ConsentOnFile } from './api';

/** A change of the consent that is not saved. */
export interface Draft {
  /** What was on file when the change was begun; the save names its version. */
  readonly base: ConsentOnFile;
  readonly policy: ConsentPolicy;
}

// The draft lives in this tab's memory only: it outlives pages and a session that ends, and nothing of it is ever stored on the device.
let current: Draft | null = null;
const listeners = new Set<() => void>();

export function setDraft(draft: Draft | null): void {
  current = draft;
  for (const listener of listeners) listener();
}

export function getDraft(): Draft | null {
  return current;
}

/** The draft of this tab; null when nothing is being changed. */
export function useDraft(): Draft | null {
  return useSyncExternalStore(subscribe, getDraft);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
