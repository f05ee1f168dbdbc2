// SPDX-License-Identifier: Apache-2.0

// Where the reader was in the list, so that coming back from an entry is coming back to its line. Keys and
// random ids only.
const openVisits = new Set<string>();
let lastEntry: string | undefined;

export function isVisitOpen(key: string): boolean {
  return openVisits.has(key);
}

export function rememberVisit(key: string, isOpen: boolean): void {
  if (isOpen) {
    openVisits.add(key);
  } else {
    openVisits.delete(key);
  }
}

export function rememberEntry(id: string): void {
  lastEntry = id;
}

export function isLastEntry(id: string): boolean {
  return id === lastEntry;
}

/** The entry that was opened last, once. */
export function takeLastEntry(): string | undefined {
  const id = lastEntry;
  lastEntry = undefined;
  return id;
}
