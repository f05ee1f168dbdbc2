// SPDX-License-Identifier: Apache-2.0

/** One answer in the form in which the real peer's were recorded. */
export interface Answer {
  name: string;
  ok: boolean;
  result?: string;
  error?: string;
  code?: number;
  message?: string;
  details?: { mspId: string; message: string }[];
}

const LONGEST = 600;

/** What differs from run to run, in the order in which the recording replaced it. */
const REPLACEMENTS: [RegExp, string][] = [
  [/[0-9a-f]{64}/g, '<txid>'],
  [/after [0-9.]+s,.*remote_addr=\S+/g, 'after <s>'],
  [/BlockNum: \d+/g, 'BlockNum: <n>'],
  [/\[_implicit_org_\S+ _implicit_org_[^\]]+\]/, '[<both implicit collections>]'],
  [/127\.0\.0\.1:\d+|localhost:\d+/g, '<endpoint>'],
  [/serial number \d+/g, 'serial number <n>'],
  [/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, '<time>'],
  [/[0-9a-f]{32,}/g, '<hex>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^)"]*UTC/g, '<time>'],
];

function normalise(value: string): string {
  return REPLACEMENTS.reduce(
    (current, [pattern, replacement]) => current.replace(pattern, replacement),
    value,
  );
}

function print(value: unknown): string {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString();
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Failure extends Error {
  code?: number;
  details?: unknown;
}

/** Asks one question and writes down what came back. */
export async function answerTo(name: string, ask: () => Promise<unknown>): Promise<Answer> {
  try {
    const value = await ask();
    return value === undefined ? { name, ok: true } : { name, ok: true, result: normalise(print(value)) };
  } catch (thrown) {
    const failure = thrown as Failure;
    const kind = failure.constructor.name === 'Error' ? failure.name : failure.constructor.name;
    return {
      name,
      ok: false,
      error: kind,
      ...(failure.code === undefined ? {} : { code: failure.code }),
      message: normalise(failure.message).slice(0, LONGEST),
      ...(Array.isArray(failure.details) ? { details: detailsOf(failure.details as Detail[]) } : {}),
    };
  }
}

interface Detail {
  mspId: string;
  message: string;
}

function detailsOf(details: Detail[]): Detail[] {
  return details
    .map(({ mspId, message }) => ({ mspId, message: normalise(message).slice(0, LONGEST) }))
    .sort((a, b) => a.mspId.localeCompare(b.mspId));
}

/** A process that is just ending refuses a connection, or resets it. */
const HOW_REFUSED = /desc = "transport: [^"]*"/;

/**
 * What may be compared. Three things are chance on a real network: which organisation is named when endorsers
 * disagree, whether a deadline shows as CANCELLED or DEADLINE_EXCEEDED, and how a process that is just ending
 * refuses a connection.
 */
export function comparable(answer: Answer): Answer {
  const details = answer.details?.map(({ mspId, message }) => ({
    mspId: message.includes('do not match') ? '<any>' : mspId,
    message: message.replace(HOW_REFUSED, 'desc = <refused>'),
  }));
  const shared = { ...answer, ...(details ? { details } : {}) };
  const timedOut = answer.code === 4 || (answer.code === 1 && /cancel/i.test(answer.message ?? ''));
  return timedOut ? { ...shared, code: 4, message: 'deadline' } : shared;
}
