// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@api/schemas';
import { useSyncExternalStore } from 'react';
import type { ConsentOnFile } from './consentApi';
import type { RuleForm } from './policy/ruleForm';

/** A change of the consent that is not saved. */
export interface Draft {
  /** What was on file when the change was begun; the save names its version. */
  readonly base: ConsentOnFile;
  readonly policy: ConsentPolicy;
}

/** An exception that is being filled in and is not part of the draft yet. */
export interface OpenRule {
  /** Id of the exception that is changed; null for a new one. */
  readonly id: string | null;
  readonly form: RuleForm;
}

/**
 * Where what is not saved lies in the tab's own storage, from the moment before a reload until the page is
 * there again.
 */
export const KEPT = 'chartwitness.unsaved';

// The draft lives in this tab's memory: it outlives pages and a session that ends. It is stored for the
// seconds of a reload only (`keepDraft.ts`).
let current: Draft | null = null;
let openRule: OpenRule | null = null;
const listeners = new Set<() => void>();

export function setDraft(draft: Draft | null): void {
  current = draft;
  tell();
}

export function setOpenRule(rule: OpenRule | null): void {
  openRule = rule;
  tell();
}

/** Drops everything that is not saved. */
export function forgetUnsaved(): void {
  current = null;
  openRule = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // The browser allows no storage: there is nothing in it.
  }
  tell();
}

function tell(): void {
  for (const listener of listeners) {
    listener();
  }
}

export function getOpenRule(): OpenRule | null {
  return openRule;
}

/** Whether something would be lost with this tab. */
export function isUnsaved(): boolean {
  return current !== null || openRule !== null;
}

export function useIsUnsaved(): boolean {
  return useSyncExternalStore(subscribe, isUnsaved);
}

let isKept = false;

/** What is not saved outlives the page, which is left now. */
export function noteKept(): void {
  isKept = true;
}

export function isDraftKept(): boolean {
  return isKept;
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
