// SPDX-License-Identifier: Apache-2.0
import type { IdentifierSystem, NetworkSettings } from '@chartwitness/chaincode/domain';
import type { Request, Response } from 'express';
import pino from 'pino';
import { DEFAULT_POLICY } from '../../../gateway/src/compose/bootstrap';
import { LEDGER_REMEDIES, LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { openTableGuard, type TableGuard, TablesDiffer } from '../../../gateway/src/subjects/tableGuard';

const SSN: IdentifierSystem = { system: 'urn:ssn', aliases: ['urn:a', 'urn:b'], form: 'us-ssn' };
const TEXT: IdentifierSystem = { system: 'urn:text', aliases: [], form: 'text' };
const settings = (...identifierSystems: IdentifierSystem[]): NetworkSettings => ({
  trustee: 'TrusteeMSP',
  defaultPolicy: DEFAULT_POLICY,
  identifierSystems,
});
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
const open = (
  findSettings: () => Promise<NetworkSettings | undefined>,
  startMs = 5_000,
): Promise<TableGuard> =>
  openTableGuard({ systems: [SSN, TEXT], ledger: { findSettings }, log, startMs, againMs: 1 });

function refusalOf({ gate }: TableGuard): unknown {
  let given: unknown = 'nothing';
  void gate(Object.create(null) as Request, Object.create(null) as Response, (error?: unknown) => {
    given = error;
  });
  return given;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each<[string, IdentifierSystem[]]>([
  ['the same table', [SSN, TEXT]],
  ['aliases in another order', [{ ...SSN, aliases: ['urn:b', 'URN:A'] }, TEXT]],
])('%s lets the service start', async (_name, table) => {
  const guard = await open(() => Promise.resolve(settings(...table)));
  expect(guard.health()).toEqual({ ready: true });
  expect(refusalOf(guard)).toBeUndefined();
  await guard.close();
});

test.each<[string, IdentifierSystem[]]>([
  ['another order', [TEXT, SSN]],
  ['another form', [{ ...SSN, form: 'text' }, TEXT]],
  ['one alias less', [{ ...SSN, aliases: ['urn:a'] }, TEXT]],
  ['another system', [{ ...SSN, system: 'urn:SSN' }, TEXT]],
  ['one system more', [SSN, TEXT, { ...TEXT, system: 'urn:more' }]],
])('%s does not let it start, and says both tables and the remedy', async (_name, table) => {
  const failure: unknown = await open(() => Promise.resolve(settings(...table))).catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(TablesDiffer);
  const { message } = failure as TablesDiffer;
  expect(message).toContain('Here: us-ssn urn:ssn urn:a urn:b; text urn:text.');
  const theirs = table.map(({ form, system, aliases }) => [form, system, ...aliases].join(' ')).join('; ');
  expect(message).toContain(`On the ledger: ${theirs}. Set SUBJECT_IDENTIFIER_SYSTEMS="${theirs}"`);
});

test('a ledger that hangs does not keep the service from starting, nor from closing', async () => {
  const guard = await open(() => new Promise(() => undefined), 1);
  expect(guard.health()).toEqual({
    ready: true,
    detail: 'in use, but not compared with the ledger yet: the ledger has been asked and has not answered',
  });
  expect(refusalOf(guard)).toBeUndefined();
  await guard.close();
});

test.each([
  ['away', () => Promise.reject(new LedgerError('unavailable', 'no peer'))],
  ['not set up', () => Promise.resolve(undefined)],
])(
  'while the ledger is %s the own table is used; once it answers otherwise, everything is refused by name',
  async (_name, first) => {
    const answers: (() => Promise<NetworkSettings | undefined>)[] = [first, first];
    const guard = await open(() => (answers.shift() ?? (() => Promise.resolve(settings(TEXT))))());
    expect(refusalOf(guard)).toBeUndefined();
    await until(() => !guard.health().ready);
    expect(guard.health().detail).toContain('On the ledger: text urn:text.');
    expect(refusalOf(guard)).toMatchObject({ code: 'IDENTIFIERS_DIFFER' });
    await until(() => lines.some((line) => line.includes('"level":60') && line.includes('On the ledger')));
    await guard.close();
  },
);

test.each([
  [
    'away',
    () => Promise.reject(new LedgerError('unavailable', 'peer0.north:7051', { reason: 'NO_ANSWER' })),
    `ledger unavailable (NO_ANSWER): ${LEDGER_REMEDIES.NO_ANSWER}`,
  ],
  [
    'not set up',
    () => Promise.resolve(undefined),
    'the network has no settings yet: the trustee has to initialise it',
  ],
])('says why the tables are not compared: %s', async (_name, find, why) => {
  const guard = await open(find);
  expect(guard.health()).toEqual({
    ready: true,
    detail: `in use, but not compared with the ledger yet: ${why}`,
  });
  await guard.close();
});

test('once it answers alike, the service goes on', async () => {
  const answers = [() => Promise.reject(new LedgerError('unavailable', 'no peer'))];
  const guard = await open(() => (answers.shift() ?? (() => Promise.resolve(settings(SSN, TEXT))))());
  await until(() => guard.health().detail === undefined);
  expect(refusalOf(guard)).toBeUndefined();
  await guard.close();
});

describe('with the table as it was read last', () => {
  const asOf = '2026-11-28T06:30:00.000Z';
  const openWith = (
    remembered: IdentifierSystem[],
    findSettings: () => Promise<NetworkSettings | undefined>,
    startMs = 5_000,
  ): Promise<TableGuard> =>
    openTableGuard({
      systems: [SSN, TEXT],
      ledger: { findSettings },
      remembered: { systems: remembered, asOf },
      log,
      startMs,
      againMs: 1,
    });
  const away = (): Promise<never> => Promise.reject(new LedgerError('unavailable', 'no peer'));
  const silence = (): Promise<never> => new Promise(() => undefined);

  test('a start that finds no ledger goes on with the same one, and says by whose word', async () => {
    const guard = await openWith([SSN, TEXT], away);
    expect(guard.health()).toEqual({
      ready: true,
      detail: expect.stringContaining(
        `in use, like the Registry's as of ${asOf}, but not compared with the ledger yet`,
      ) as string,
    });
    expect(refusalOf(guard)).toBeUndefined();
    await guard.close();
  });

  test.each([
    ['away', away],
    ['silent', silence],
  ])('another one does not let it start while the ledger is %s', async (_how, find) => {
    const failure: unknown = await openWith([TEXT], find, 1).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TablesDiffer);
    expect((failure as TablesDiffer).message).toContain(`On the ledger as of ${asOf}: text urn:text.`);
  });

  test('the ledger’s word goes before it, when it says no', async () => {
    const failure: unknown = await openWith([SSN, TEXT], () => Promise.resolve(settings(TEXT))).catch(
      (error: unknown) => error,
    );
    expect((failure as TablesDiffer).message).toContain('On the ledger: text urn:text.');
  });

  test('and when it says yes', async () => {
    const guard = await openWith([TEXT], () => Promise.resolve(settings(SSN, TEXT)));
    expect(guard.health()).toEqual({ ready: true });
    await guard.close();
  });

  test('a ledger that is back and differs is heard afterwards too', async () => {
    const answers = [away];
    const guard = await openWith([SSN, TEXT], () =>
      (answers.shift() ?? (() => Promise.resolve(settings(TEXT))))(),
    );
    await until(() => !guard.health().ready);
    expect(refusalOf(guard)).toMatchObject({ code: 'IDENTIFIERS_DIFFER' });
    await guard.close();
  });
});
