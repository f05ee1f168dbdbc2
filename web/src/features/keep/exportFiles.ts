// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem, Basis, Me } from '@api/schemas';
import { markWords, quietMarks } from '../../components/AccessMarks';
import { trustSentence } from '../../components/TrustLine';
import { isEmptyFilter, type AccessFilter } from '../../lib/accessFilter';
import { csvCell } from '../../lib/csvCell';
import { dayKey, formatMoment, formatTime } from '../../lib/dates';
import { happenedAt } from '../../lib/entryTime';
import { sensitiveLabels } from '../../lib/itemKinds';
import { timeZoneName } from '../../lib/timeZone';
import { nameOfOrganisation } from '../../lib/organisationNames';
import type { Vocabulary } from '../../words/context';
import { hasLeft } from '../../lib/whatLeft';

/** What an export was made of. */
export interface ExportFacts {
  readonly me: Me;
  readonly filter: AccessFilter;
  readonly madeAt: Date;
  readonly entries: readonly AccessEntry[];
}

/** The entries as the API gives them, with what they reflect: count, filter and ledger position. */
export function toJsonFile({ me, filter, madeAt, entries }: ExportFacts): string {
  const { block, state, checkedAt, missing } = me.list;
  const file = {
    format: 'chartwitness-accesses-2',
    madeAt: madeAt.toISOString(),
    subject: me.subject,
    ledger: { completeToBlock: block, state, checkedAt, ...(missing === undefined ? {} : { missing }) },
    filter,
    count: entries.length,
    entries,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** What programs compare, after what people read. */
const CODE_COLUMNS = [
  'at', 'holder', 'organisation', 'organisation_id', 'person', 'person_id', 'role', 'purpose', 'action', 'outcome', 'ruled', 'late',
  'late_basis', 'requested_at', 'corrected_at', 'corrected_why', 'outcome_before', 'corrects', 'emergency_reason', 'type', 'labels', 'count', 'further',
  'left', 'decision', 'basis', 'consent_version', 'rule', 'otherwise_decision', 'otherwise_rule', 'part', 'parts', 'parts_recorded', 'id',
  'block', 'transaction', 'lane', 'seq', 'index',
] as const; // prettier-ignore

/**
 * `outcome` and `left` say what left, `ruled` and `decision` what the rules say. A part of a request has the
 * place of its own event.
 *
 * One line per kind of data of an entry, or one for an entry without data (RFC 4180, UTF-8 with a byte order
 * mark, which spreadsheets need to see UTF-8). First columns in the reader's words and time zone, then the
 * codes of the API. The last two lines name the person, the count, the filter and the ledger position: for
 * people, and for programs.
 */
export function toCsvFile(facts: ExportFacts, words: Vocabulary): string {
  const { me, filter, entries, madeAt } = facts;
  const nameOf: NameOf = (mspId, given) => nameOfOrganisation(words, me.organisations, mspId, given);
  const rows = entries.flatMap((entry) =>
    (entry.items.length === 0 ? [undefined] : entry.items).map((item) => [
      ...readableCells(words, nameOf, entry, item),
      ...codeCells(entry, item),
    ]),
  );
  const narrowed = isEmptyFilter(filter) ? 'every entry' : `only entries that fit ${JSON.stringify(filter)}`;
  const { block, state, checkedAt } = me.list;
  const coded = `# ${String(entries.length)} entries, ${narrowed}, complete up to ledger position ${String(block ?? 'none')}, list ${state}, checked ${checkedAt ?? 'never'}, made ${madeAt.toISOString()}`;
  const lines = [
    [...readableColumns(words, madeAt), ...CODE_COLUMNS],
    ...rows,
    [readableFacts(words, facts)],
    [coded],
  ].map((row) => row.map(csvCell).join(','));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

function readableColumns(words: Vocabulary, madeAt: Date): readonly string[] {
  const zone = timeZoneName(words.tag, madeAt);
  return [`${words.text('print.time')} (${zone})`, ...READABLE.map((key) => words.text(key))];
}

type NameOf = (mspId: string, given?: string) => string;

const READABLE = [
  'entry.recordedAt', 'print.who', 'entry.role', 'entry.organisation', 'entry.holder', 'print.reason', 'csv.emergency', 'print.result', 'print.data',
  'csv.labels', 'csv.count', 'csv.fate', 'csv.further',
] as const; // prettier-ignore

function readableCells(
  words: Vocabulary,
  nameOf: NameOf,
  entry: AccessEntry,
  item: AccessItem | undefined,
): readonly string[] {
  const { organisation, person } = entry.requester;
  const moment = (at: Date): string => `${dayKey(at)} ${formatTime(words.tag, at)}`;
  const quiet = quietMarks(entry).map((mark) => words.text(`mark.${mark}`));
  return [
    moment(happenedAt(entry)),
    moment(new Date(entry.at)),
    person?.name ?? words.text('list.system', { org: nameOf(organisation.mspId, organisation.name) }),
    person === null || person.role === '' ? '' : words.code('role', person.role),
    nameOf(organisation.mspId, organisation.name),
    nameOf(entry.holder),
    words.capital(words.code('purpose', entry.purpose)),
    entry.emergency?.reason ?? '',
    [...markWords(words, { entry }), ...quiet].join(words.text('app.comma')),
    ...readableItem(words, item),
  ];
}

function readableItem(words: Vocabulary, item: AccessItem | undefined): readonly string[] {
  if (item === undefined) {
    return ['', '', '', '', ''];
  }
  const { count, further = 0 } = item;
  const isLeft = hasLeft(item);
  return [
    words.capital(words.code('type', item.type)),
    sensitiveLabels(item.labels)
      .map((label) => words.code('label', label))
      .join(words.text('app.comma')),
    // What was withheld was withheld as a whole.
    String(isLeft ? count : count + further),
    words.text(isLeft ? 'entry.released' : 'entry.withheld'),
    isLeft && further > 0 ? String(further) : '',
  ];
}

function readableFacts(words: Vocabulary, { me, filter, madeAt, entries }: ExportFacts): string {
  return [
    words.text('print.person', { name: me.name }),
    words.text('print.count', { count: entries.length }),
    ...(isEmptyFilter(filter) ? [] : [words.text('keep.filtered')]),
    trustSentence(words, me),
    words.text('print.made', { moment: formatMoment(words.tag, madeAt) }),
  ].join(' · ');
}

function codeCells(entry: AccessEntry, item: AccessItem | undefined): readonly string[] {
  const { organisation, person } = entry.requester;
  return [
    entry.at, entry.holder, organisation.name, organisation.mspId, ...personCells(person), entry.purpose, entry.action,
    entry.outcome, ...recordCells(entry), optional(entry.emergency?.reason), ...itemCells(item), ...placeCells(entry, item),
  ]; // prettier-ignore
}

/** How the entry came onto the ledger: what the rules say, whether late, and what was corrected. */
function recordCells({
  outcome,
  ruled = outcome,
  late,
  lateBasis,
  requestedAt,
  corrected,
  amends,
}: AccessEntry): readonly string[] {
  const before = corrected?.before.outcome;
  const correction = [corrected?.at, corrected?.why, before, amends?.id].map(optional);
  return [ruled, late ? 'yes' : 'no', optional(lateBasis), optional(requestedAt), ...correction];
}

/** The part of the request that recorded the item, and where the ledger holds it. */
function placeCells(entry: AccessEntry, item: AccessItem | undefined): readonly string[] {
  const { parts, partOf } = entry;
  const recorded = parts?.recorded.find(({ number }) => number === item?.part) ?? entry;
  const { lane, seq, index, block, transactionId } = recorded.ledger;
  const part = [item?.part ?? partOf?.number, (parts ?? partOf)?.of, parts?.recorded.length].map(optional);
  return [...part, recorded.id, String(block), transactionId, lane, String(seq), String(index)];
}

function optional(value: string | number | undefined): string {
  return value === undefined ? '' : String(value);
}

function itemCells(item: AccessItem | undefined): readonly string[] {
  if (item === undefined) {
    return Array.from({ length: 11 }, () => '');
  }
  const { type, labels, count, further = 0, decision, basis, otherwise } = item;
  const would = [otherwise?.decision ?? '', otherwise?.rule ?? ''];
  const left = hasLeft(item) ? 'yes' : 'no';
  return [
    type,
    labels.join(' '),
    String(count),
    String(further),
    left,
    decision,
    ...basisCells(basis),
    ...would,
  ];
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
