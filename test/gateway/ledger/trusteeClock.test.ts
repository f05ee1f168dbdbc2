// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import pino from 'pino';
import { clockHealth } from '../../../gateway/src/compose/clockHealth';
import { type ClockCheck, openTrusteeClockCheck } from '../../../gateway/src/ledger/clockCheck';
import { readAsTrustee, type TimeVerdict } from '../../../gateway/src/ledger/clockWords';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { settle } from '../recorder/support/manualScheduler';

/** The trustee alone can set its peer's clock, so it has to read that it is wrong. */

const TRUSTEE = 'TrusteeMSP';
const [NORTH, SOUTH, WEST] = ['NorthHospitalMSP', 'SouthClinicMSP', 'WestMSP'];
const verdict = fc.constantFrom<TimeVerdict>('taken', 'refused', 'unknown');

function organisation(mspId: string, role: 'holder' | 'trustee', status = 'active') {
  return { mspId, role, status, name: mspId, identifiers: [] };
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly remedy?: string;
}

interface Opened {
  readonly check: ClockCheck;
  readonly lines: Line[];
  readonly asked: (readonly [mspId: string, lane: string | undefined])[];
  again(): Promise<void>;
}

/** @param words what each peer says at each look, the last one for good. */
async function opened(words: Record<string, readonly TimeVerdict[]>): Promise<Opened> {
  const lines: Line[] = [];
  const asked: (readonly [string, string | undefined])[] = [];
  let look = 0;
  let next = (): void => undefined;
  const check = openTrusteeClockCheck({
    log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) }),
    after: (_milliseconds, action) => {
      next = action;
      return () => undefined;
    },
    ledger: {
      mspId: TRUSTEE,
      organisations: () =>
        Promise.resolve([
          organisation(TRUSTEE, 'trustee'),
          ...[NORTH, SOUTH].map((mspId) => organisation(mspId, 'holder')),
          organisation(WEST, 'holder', 'suspended'),
        ] as never),
      takesTime: (mspId, lane) => {
        asked.push([mspId, lane]);
        const said = words[mspId]?.[look] ?? words[mspId]?.at(-1) ?? 'unknown';
        return said === 'unknown'
          ? Promise.reject(new LedgerError('unavailable', 'fake: no answer'))
          : Promise.resolve(said === 'taken');
      },
    },
  });
  await settle();
  return {
    check,
    lines,
    asked,
    again: async () => {
      look += 1;
      next();
      await settle();
    },
  };
}

test('its peer’s clock is wrong: not ready, in the log once with the remedy, and over by itself', async () => {
  const { check, lines, again } = await opened({
    [TRUSTEE]: ['refused', 'refused', 'taken'],
    [NORTH]: ['taken'],
    [SOUTH]: ['taken'],
  });
  expect(clockHealth(check)).toEqual({
    ready: false,
    reason: expect.stringMatching(/^CLOCK_WRONG: .*NorthHospitalMSP, SouthClinicMSP agree/) as string,
    remedy: "set the clock of TrusteeMSP's peer by a time server",
  });
  await again();
  expect(lines.map(({ level }) => level)).toEqual([50]);
  expect(lines[0]?.remedy).toMatch(/time server/);
  await again();
  expect(clockHealth(check)).toEqual({ ready: true });
  expect(lines.map(({ level }) => level)).toEqual([50, 30]);
});

test('its machine’s clock is wrong: all peers refuse it', async () => {
  const { check } = await opened({ [TRUSTEE]: ['refused'], [NORTH]: ['refused'], [SOUTH]: ['refused'] });
  expect(clockHealth(check)).toEqual({
    ready: false,
    reason: expect.stringMatching(/^CLOCK_WRONG: /) as string,
    remedy: expect.stringMatching(/^set this machine’s clock/) as string,
  });
});

test('one hospital’s peer, or its lie, does not make the service unready', async () => {
  const { check, lines } = await opened({ [TRUSTEE]: ['taken'], [NORTH]: ['refused'], [SOUTH]: ['taken'] });
  expect(clockHealth(check)).toEqual({
    ready: true,
    reason: expect.stringMatching(/^CLOCK_DOUBTED: .*NorthHospitalMSP/) as string,
    remedy: expect.stringMatching(/tell that hospital/) as string,
  });
  expect(lines.map(({ level }) => level)).toEqual([40]);
});

test('asks its own peer and those of active hospitals about a consent, and none about a lane', async () => {
  const { asked } = await opened({ [TRUSTEE]: ['taken'], [NORTH]: ['taken'], [SOUTH]: ['taken'] });
  expect(asked.map(([mspId]) => mspId).sort()).toEqual([NORTH, SOUTH, TRUSTEE]);
  expect(asked.map(([, lane]) => lane)).toEqual([undefined, undefined, undefined]);
});

test('property: unready exactly where its own peer refuses, whatever the others say', () => {
  fc.assert(
    fc.property(verdict, fc.dictionary(fc.string({ minLength: 1 }), verdict), (own, others) => {
      const finding = readAsTrustee({ own, others }, TRUSTEE);
      expect(finding?.isCertain ?? false).toBe(own === 'refused');
      const isAnyRefusal = own === 'refused' || Object.values(others).includes('refused');
      expect(finding !== undefined).toBe(isAnyRefusal);
    }),
  );
});
