// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import { type ClockCheck, openHospitalClockCheck } from '../../../gateway/src/ledger/clockCheck';
import type { TimeVerdict } from '../../../gateway/src/ledger/clockWords';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { settle } from '../recorder/support/manualScheduler';

const LANE = 'NorthHospitalMSP/main';

/** Peers whose words a test sets, time by hand, and what is logged. */
class Bench {
  readonly lines: { readonly level: number; readonly msg: string }[] = [];
  readonly asked: string[] = [];
  readonly pauses: number[] = [];
  words: Record<string, readonly TimeVerdict[]> = {};
  hasSettings = true;
  readonly check: ClockCheck;
  #next: (() => void) | undefined;

  constructor(words: Record<string, readonly TimeVerdict[]>) {
    this.words = words;
    this.check = openHospitalClockCheck({
      lane: LANE,
      log: pino({ level: 'info' }, { write: (line: string) => this.lines.push(JSON.parse(line) as never) }),
      everyMs: 30_000,
      after: (milliseconds, action) => {
        this.pauses.push(milliseconds);
        this.#next = action;
        return () => {
          this.#next = undefined;
        };
      },
      ledger: {
        mspId: 'NorthHospitalMSP',
        findSettings: () =>
          this.hasSettings
            ? Promise.resolve({ trustee: 'TrusteeMSP' } as never)
            : Promise.reject(new LedgerError('unavailable', 'fake')),
        takesTime: (mspId, lane) => {
          expect(lane).toBe(LANE);
          this.asked.push(mspId);
          const [word, ...later] = this.words[mspId] ?? ['unknown'];
          this.words = { ...this.words, [mspId]: later.length > 0 ? later : [word ?? 'unknown'] };
          return word === 'unknown'
            ? Promise.reject(new LedgerError('unavailable', 'fake: no answer'))
            : Promise.resolve(word === 'taken');
        },
      },
    });
  }

  get isWaiting(): boolean {
    return this.#next !== undefined;
  }

  /** After the pause. */
  async again(): Promise<void> {
    this.#next?.();
    await settle();
  }
}

const VERDICTS: readonly TimeVerdict[] = ['taken', 'refused', 'unknown'];

test.each(VERDICTS.flatMap((own) => VERDICTS.map((trustee) => [own, trustee] as const)))(
  'the own peer: %s, the trustee’s: %s: a problem exactly where one of them refuses',
  async (own, trustee) => {
    const bench = new Bench({ NorthHospitalMSP: [own], TrusteeMSP: [trustee] });
    expect(bench.check.finding()).toBeUndefined();
    await settle();
    expect(bench.check.verdicts()).toEqual({ own, others: { TrusteeMSP: trustee } });
    const isWrong = own === 'refused' || trustee === 'refused';
    expect(bench.check.finding() !== undefined).toBe(isWrong);
    expect(bench.lines.map(({ level }) => level)).toEqual(isWrong ? [50] : []);
    if (isWrong) {
      expect(bench.check.finding()).toEqual({
        isCertain: true,
        reason: expect.stringMatching(/^CLOCK_WRONG: /) as string,
        remedy: expect.stringMatching(/time server/) as string,
      });
      expect(/both peers/.test(bench.check.finding()?.reason ?? '')).toBe(own === trustee);
    }
  },
);

test('is said once, when it becomes another one, and when it is over', async () => {
  const bench = new Bench({ NorthHospitalMSP: ['refused'], TrusteeMSP: ['refused'] });
  await settle();
  await bench.again();
  expect(bench.lines).toHaveLength(1);
  bench.words = { NorthHospitalMSP: ['refused'], TrusteeMSP: ['taken'] };
  await bench.again();
  await bench.again();
  expect(bench.lines.map(({ level }) => level)).toEqual([50, 50]);
  bench.words = { NorthHospitalMSP: ['taken'], TrusteeMSP: ['taken'] };
  await bench.again();
  await bench.again();
  expect(bench.lines.map(({ level }) => level)).toEqual([50, 50, 30]);
  expect(bench.check.finding()).toBeUndefined();
});

test('while a clock is wrong it is looked at again soon, so that who sets it sees that it is right', async () => {
  const bench = new Bench({ NorthHospitalMSP: ['refused'], TrusteeMSP: ['taken'] });
  await settle();
  await bench.again();
  bench.words = { NorthHospitalMSP: ['taken'], TrusteeMSP: ['taken'] };
  await bench.again();
  expect(bench.pauses).toEqual([3_000, 3_000, 30_000]);
});

test('one refusal alone is no wrong clock: this process may have been halted between question and answer', async () => {
  const bench = new Bench({ NorthHospitalMSP: ['refused', 'taken'], TrusteeMSP: ['taken'] });
  await settle();
  expect(bench.check.verdicts()).toEqual({ own: 'taken', others: { TrusteeMSP: 'taken' } });
  expect(bench.lines).toEqual([]);
});

test('without the network’s settings the own peer alone is asked', async () => {
  const bench = new Bench({ NorthHospitalMSP: ['taken'], TrusteeMSP: ['refused'] });
  await settle();
  bench.hasSettings = false;
  bench.asked.length = 0;
  await bench.again();
  expect(bench.asked).toEqual(['NorthHospitalMSP']);
  expect(bench.check.finding()).toBeUndefined();
});

test('asks no more once it is closed', async () => {
  const bench = new Bench({ NorthHospitalMSP: ['taken'], TrusteeMSP: ['taken'] });
  await settle();
  expect(bench.isWaiting).toBe(true);
  bench.check.close();
  expect(bench.isWaiting).toBe(false);
  const early = new Bench({ NorthHospitalMSP: ['taken'], TrusteeMSP: ['taken'] });
  early.check.close();
  await settle();
  expect(early.isWaiting).toBe(false);
});
