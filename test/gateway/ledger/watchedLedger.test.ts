// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import { recorderHealth } from '../../../gateway/src/compose/recorderHealth';
import { errorLine } from '../../../gateway/src/compose/serviceLog';
import { AppError } from '../../../gateway/src/errors';
import { LEDGER_REMEDIES, LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { type LedgerTrouble, watchLedger } from '../../../gateway/src/ledger/watchedLedger';
import type { RecorderState } from '../../../gateway/src/recorder/recorder';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';

const ADDRESS = '14 UNAVAILABLE: connect ECONNREFUSED 192.0.2.7:7051';
const NOBODY = new LedgerError('unavailable', ADDRESS, { reason: 'NO_ANSWER' });

function watch() {
  const fake = new FakeProvenanceLedger();
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    {},
    {
      write: (line: string) => {
        lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    },
  );
  let now = 1_000;
  const ledger = watchLedger(fake, log, () => now);
  const fail = async (error: unknown, call: 'tip' | 'putClient' = 'tip'): Promise<void> => {
    jest.spyOn(fake, call).mockRejectedValueOnce(error);
    const made =
      call === 'tip' ? ledger.tip() : ledger.putClient({ clientId: 'c', name: 'n', keys: [] } as never);
    await expect(made).rejects.toBe(error);
  };
  return { fake, ledger, lines, fail, wait: (ms: number) => (now += ms) };
}

test('remembers why the ledger does not answer until it does, and says both once', async () => {
  const { ledger, lines, fail, wait } = watch();
  expect(ledger.mspId).toBe('TrusteeMSP');
  expect(ledger.trouble()).toBeUndefined();
  await fail(NOBODY);
  wait(4_000);
  await fail(NOBODY);
  expect(ledger.trouble()).toEqual({
    problem: 'NO_ANSWER',
    reason: 'ledger unavailable (NO_ANSWER)',
    remedy: LEDGER_REMEDIES.NO_ANSWER,
    since: 1_000,
    failures: 2,
  });
  await ledger.tip();
  expect(ledger.trouble()).toBeUndefined();
  expect(lines).toMatchObject([
    { level: 40, problem: 'NO_ANSWER', cause: ADDRESS, remedy: LEDGER_REMEDIES.NO_ANSWER, failures: 1 },
    { level: 40, failures: 2 },
    { level: 30, problem: 'NO_ANSWER', failures: 2, seconds: 4 },
  ]);
});

test('a failure that stays is said ever more seldom, another one at once', async () => {
  const { lines, fail } = watch();
  for (let tries = 0; tries < 1_000; tries += 1) {
    await fail(NOBODY);
  }
  await fail(new LedgerError('rejected', 'access denied', { reason: 'IDENTITY_REFUSED' }));
  expect(lines.map(({ failures }) => failures)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1]);
  expect(lines.at(-1)).toMatchObject({ level: 50, problem: 'IDENTITY_REFUSED' });
});

test('a clock that the ledger refuses is named at once, with what to do, until a write works', async () => {
  const { fake, ledger, fail } = watch();
  await fail(new LedgerError('rejected', 'x', { domainCode: 'TIME_OUT_OF_RANGE' }), 'putClient');
  const trouble = ledger.trouble();
  expect(trouble?.reason).toBe('ledger rejected TIME_OUT_OF_RANGE');
  expect(trouble?.remedy).toMatch(/clock/);
  expect(recorderHealth({ state: () => STATE }, ledger).reason).not.toMatch(/is being asked/);
  jest.spyOn(fake, 'putClient').mockResolvedValueOnce(undefined as never);
  await ledger.putClient({ clientId: 'c', name: 'n', keys: [] } as never);
  expect(ledger.trouble()).toBeUndefined();
});

test('a read that is answered does not hide that writes fail', async () => {
  const { ledger, fail } = watch();
  await fail(new LedgerError('unknown', 'x', { reason: 'ORDERER_AWAY' }), 'putClient');
  await ledger.tip();
  expect(ledger.trouble()).toMatchObject({ problem: 'ORDERER_AWAY' });
});

test.each([
  ['a refusal by the chaincode', new LedgerError('rejected', 'no', { domainCode: 'SUSPENDED' })],
  ['a conflict', new LedgerError('retryable', 'MVCC_READ_CONFLICT')],
])('%s is an answer', async (_name, error) => {
  const { ledger, lines, fail } = watch();
  await fail(error);
  expect([ledger.trouble(), lines]).toEqual([undefined, []]);
  await fail(NOBODY);
  await fail(error);
  expect(ledger.trouble()).toBeUndefined();
});

test('once the process ends, what its own closed channels say is no peer’s fault', async () => {
  const { ledger, lines, fail } = watch();
  ledger.leave();
  await fail(new LedgerError('unavailable', 'Channel has been shut down'));
  await fail(NOBODY);
  expect([ledger.trouble(), lines]).toEqual([undefined, []]);
});

test('peers that differ are trouble, a mistake of this program is none', async () => {
  const { ledger, lines, fail } = watch();
  await fail(new TypeError('bug'));
  expect([ledger.trouble(), lines]).toEqual([undefined, []]);
  await fail(new LedgerError('retryable', 'x', { reason: 'PEERS_DIFFER' }));
  expect(ledger.trouble()).toMatchObject({ problem: 'PEERS_DIFFER' });
});

test('a stream of events that breaks is trouble until the next event', async () => {
  const { fake, ledger } = watch();
  fake.failing = NOBODY;
  const next = async () => {
    for await (const event of ledger.events(undefined, new AbortController().signal)) {
      return event;
    }
    return undefined;
  };
  await expect(next()).rejects.toBe(NOBODY);
  expect(ledger.trouble()).toMatchObject({ problem: 'NO_ANSWER' });
});

const STATE = { phase: 'ready', ledgerAway: true, ledgerSlow: false, storeFailing: false } as RecorderState;
const TROUBLE: LedgerTrouble = {
  problem: 'NO_ANSWER',
  reason: 'ledger unavailable (NO_ANSWER)',
  remedy: 'R',
  since: 0,
  failures: 1,
};
const health = (state: Partial<RecorderState>, trouble: LedgerTrouble | undefined = TROUBLE) =>
  recorderHealth({ state: () => ({ ...STATE, ...state }) }, { trouble: () => trouble });

test('readiness says what is the matter and what to do, each in a field of its own', () => {
  expect(health({})).toEqual({
    ready: false,
    reason: 'the ledger is away: nothing of this lane commits: ledger unavailable (NO_ANSWER)',
    remedy: 'R',
  });
  // A reason of the recorder's own is the whole truth: an older failure of the ledger is not glued to it.
  expect(health({ phase: 'recovering', reason: 'batch 7 was committed before' })).toEqual({
    ready: false,
    reason: 'batch 7 was committed before',
  });
  expect(health({ ledgerAway: false, notice: 'EVENTS_LOST_HERE', remedy: 'ask both peers' })).toEqual({
    ready: true,
    reason: 'EVENTS_LOST_HERE',
    remedy: 'ask both peers',
  });
  expect(health({ ledgerAway: false })).toEqual({ ready: true });
  expect(health({ ledgerAway: false, owedRefused: true })).toEqual({
    ready: false,
    reason: 'the ledger refuses what this lane owes, and commits nothing: ledger unavailable (NO_ANSWER)',
    remedy: 'R',
  });
  expect(health({ storeFailing: true })).toEqual({
    ready: false,
    reason: 'the recorder store cannot be written',
    remedy: expect.stringContaining('disk') as string,
  });
  expect(health({ phase: 'fenced', reason: 'another gateway', remedy: 'another name' })).toEqual({
    ready: false,
    reason: 'another gateway',
    remedy: 'another name',
  });
  expect(health({ phase: 'stuck', reason: 'a batch', ledgerAway: false })).toEqual({
    ready: false,
    reason: 'a batch',
  });
});

test('in the first seconds nobody knows yet what hangs, and readiness says that it is being asked', () => {
  const recorder = { state: () => STATE };
  expect(recorderHealth(recorder, { trouble: () => undefined }).reason).toMatch(/is being asked$/);
});

test('no log line says to look into the log', async () => {
  const { lines, fail } = watch();
  await fail(new LedgerError('unavailable', 'x'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toHaveProperty('remedy');
  expect(errorLine(new LedgerError('rejected', 'x'))).toMatchObject({ remedy: undefined });
  expect(errorLine(new LedgerError('rejected', 'x', { domainCode: 'TIME_OUT_OF_RANGE' }))).toMatchObject({
    remedy: expect.stringContaining('clock') as string,
  });
});

test('a log line says a ledger’s failure once, without a stack, whatever it is wrapped in', () => {
  const said = { type: 'LedgerError', kind: 'unavailable', reason: 'NO_ANSWER', message: ADDRESS };
  const wrapped = new AppError('LEDGER_UNAVAILABLE', 'the ledger is away', { cause: NOBODY });
  expect(errorLine(NOBODY)).toMatchObject({ ...said, remedy: LEDGER_REMEDIES.NO_ANSWER });
  expect(JSON.stringify(errorLine(wrapped)).split(ADDRESS)).toHaveLength(2);
  expect(JSON.stringify(errorLine(wrapped))).not.toContain('stack');
  expect(errorLine(new TypeError('bug'))).toMatchObject({
    type: 'TypeError',
    stack: expect.any(String) as string,
  });
});
