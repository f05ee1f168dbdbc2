// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem, Basis, Me } from '@api/schemas';
import { isEmptyFilter, type AccessFilter } from '../../lib/accessFilter';
import { csvCell } from '../../lib/csvCell';

/** What an export was made of. */
export interface ExportFacts {
  readonly me: Me;
  readonly filter: AccessFilter;
  readonly madeAt: Date;
  readonly entries: readonly AccessEntry[];
}

/** The entries as the API gives them, with what they reflect: count, filter and ledger position. */
export function toJsonFile({ me, filter, madeAt, entries }: ExportFacts): string {
  const { block, state, checkedAt } = me.list;
  const file = {
    format: 'chartwitness-accesses-1',
    madeAt: madeAt.toISOString(),
    subject: me.subject,
    ledger: { completeToBlock: block, state, checkedAt },
    filter,
    count: entries.length,
    entries,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

const COLUMNS = [
  'at', 'holder', 'organisation', 'organisation_id', 'person', 'person_id', 'role', 'purpose', 'action', 'outcome', 'emergency_reason',
  'type', 'labels', 'count', 'decision', 'basis', 'consent_version', 'rule', 'id', 'block', 'transaction', 'lane', 'seq', 'index',
] as const; // prettier-ignore

/**
 * One line per kind of data of an entry, or one for an entry without data (RFC 4180, UTF-8 with a byte order mark, which spreadsheets
 * need to see UTF-8). The last line names the count, the filter and the ledger position.
 */
export function toCsvFile({ me, filter, entries, madeAt }: ExportFacts): string {
  const rows = entries.flatMap((entry) =>
    entry.items.length === 0 ? [toRow(entry, undefined)] : entry.items.map((item) => toRow(entry, item)),
  );
  const narrowed = isEmptyFilter(filter) ? 'every entry' : `only entries that fit ${JSON.stringify(filter)}`;
  const { block, state, checkedAt } = me.list;
  const facts = `# ${String(entries.length)} entries, ${narrowed}, complete up to ledger position ${String(block ?? 'none')}, list ${state}, checked ${checkedAt ?? 'never'}, made ${madeAt.toISOString()}`;
  const lines = [COLUMNS, ...rows, [facts]].map((row) => row.map(csvCell).join(','));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

function toRow(entry: AccessEntry, item: AccessItem | undefined): readonly string[] {
  const { organisation, person } = entry.requester;
  return [
    entry.at, entry.holder, organisation.name, organisation.mspId, ...personCells(person),
    entry.purpose, entry.action, entry.outcome, entry.emergency?.reason ?? '', ...itemCells(item), entry.id, String(entry.ledger.block), entry.ledger.transactionId, entry.ledger.lane,
    String(entry.ledger.seq), String(entry.ledger.index),
  ]; // prettier-ignore
}

function itemCells(item: AccessItem | undefined): readonly string[] {
  if (item === undefined) return Array.from({ length: 7 }, () => '');
  const { type, labels, count, decision, basis } = item;
  return [type, labels.join(' '), String(count), decision, ...basisCells(basis)];
}

function personCells(person: AccessEntry['requester']['person']): readonly string[] {
  return person === null ? ['', '', ''] : [person.name, person.id, person.role];
}

function basisCells(basis: Basis): readonly string[] {
  const kind = basis.kind === 'refused' ? basis.reason : basis.kind;
  const version = 'version' in basis ? basis.version : null;
  const rule = 'rule' in basis ? basis.rule : undefined;
  return [kind, version === null ? '' : String(version), rule ?? ''];
}

/** Gives a file to the browser to save. Its name tells the day, never the person. */
export function saveFile(text: string, type: 'json' | 'csv', madeAt: Date): void {
  const url = URL.createObjectURL(
    new Blob([text], { type: type === 'json' ? 'application/json' : 'text/csv;charset=utf-8' }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = `accesses-${madeAt.toISOString().slice(0, 10)}.${type}`;
  link.click();
  // The download has taken its copy by the next turn of the event loop.
  setTimeout(() => { URL.revokeObjectURL(url); }, 10_000); // prettier-ignore
}
