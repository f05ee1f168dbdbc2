// SPDX-License-Identifier: Apache-2.0
import { parseConsent } from './consentApi';
import { KEPT, setDraft, setOpenRule } from './draft';
import { formOf, type RuleForm } from './policy/ruleForm';

/** A reload takes seconds; what is older was left by a page that never came back. */
const KEPT_FOR_MS = 30 * 60_000;

type Facts = Readonly<Record<string, unknown>>;

/**
 * Takes what was kept out of the tab's storage, and gives it back to the same person: after a reload, no
 * matter who asked for that. Who has left the page, and was asked before, has given it up. What cannot be
 * read is dropped.
 */
export function restoreDraft(subject: string, now: number): void {
  const text = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (text === null) {
    return;
  }
  const kept = parsed(text);
  if (!isFacts(kept) || kept['subject'] !== subject) {
    return;
  }
  const age = now - Number(kept['at']);
  if (!(age >= 0 && age < KEPT_FOR_MS)) {
    return;
  }
  if (kept['isAskedFor'] !== true && !isReloaded()) {
    return;
  }
  restoreChange(kept['draft']);
  restoreForm(kept['openRule']);
}

function isReloaded(): boolean {
  const [arrival] = performance.getEntriesByType('navigation');
  return arrival !== undefined && 'type' in arrival && arrival.type === 'reload';
}

function restoreChange(draft: unknown): void {
  if (!isFacts(draft) || !isFacts(draft['base'])) {
    return;
  }
  const { base, policy } = draft;
  const consent = parsedBy(() => parseConsent(base['consent']));
  const changed = parsedBy(() => parseConsent({ subject: '', version: 0, ...(isFacts(policy) && policy) }));
  const etag = base['etag'];
  if (consent === undefined || changed === undefined || typeof etag !== 'string') {
    return;
  }
  setDraft({ base: { consent, etag }, policy: { rules: changed.rules, default: changed.default } });
}

function restoreForm(openRule: unknown): void {
  if (!isFacts(openRule)) {
    return;
  }
  const { id, form } = openRule;
  if ((id === null || typeof id === 'string') && isForm(form)) {
    setOpenRule({ id, form });
  }
}

function parsed(text: string): unknown {
  return parsedBy(() => JSON.parse(text) as unknown);
}

function parsedBy<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A form of this version of the portal: the same members of the same types. */
function isForm(value: unknown): value is RuleForm {
  if (!isFacts(value)) {
    return false;
  }
  const wanted = Object.entries(formOf(undefined));
  return (
    Object.keys(value).length === wanted.length &&
    wanted.every(([name, sample]) => {
      const member = value[name];
      return Array.isArray(sample)
        ? Array.isArray(member) && member.every((text) => typeof text === 'string')
        : typeof member === typeof sample;
    })
  );
}
