// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import { networkHealth } from '../../../gateway/src/compose/networkHealth';
import {
  LEDGER_REMEDIES,
  LedgerError,
  type LedgerFailureReason,
} from '../../../gateway/src/ledger/ledgerError';
import { NetworkCheck } from '../../../gateway/src/ledger/networkCheck';
import { settle } from '../recorder/support/manualScheduler';

/** The trustee's peer endorses every record: who runs it is the only one who can mend it. */

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly problem?: string;
  readonly remedy?: string;
}

class Bench {
  readonly lines: Line[] = [];
  height = 10n;
  peer: LedgerError | undefined;
  chaincode: LedgerError | undefined;
  put: LedgerError | undefined;
  readonly check: NetworkCheck;
  #next: (() => void) | undefined;

  constructor() {
    this.check = new NetworkCheck({
      log: pino({ level: 'info' }, { write: (line: string) => this.lines.push(JSON.parse(line) as Line) }),
      after: (_milliseconds, action) => {
        this.#next = action;
        return () => {
          this.#next = undefined;
        };
      },
      ledger: {
        mspId: 'TrusteeMSP',
        ownHeight: () => (this.peer === undefined ? Promise.resolve(this.height) : Promise.reject(this.peer)),
        takesTime: (mspId) => {
          expect(mspId).toBe('TrusteeMSP');
          const failure = this.peer ?? this.chaincode;
          return failure === undefined ? Promise.resolve(true) : Promise.reject(failure);
        },
      },
    });
  }

  get isWaiting(): boolean {
    return this.#next !== undefined;
  }

  async again(): Promise<void> {
    this.#next?.();
    await settle();
  }

  async write(): Promise<void> {
    const ledger = this.check.noting({
      putConsent: (_subject: string, _policy: ConsentPolicy, version: number) =>
        this.put === undefined
          ? Promise.resolve({ transactionId: 't', block: 1n, version })
          : Promise.reject(this.put),
    });
    await ledger.putConsent('s', { rules: [], default: 'deny' }, 0).catch((error: unknown) => {
      expect(error).toBe(this.put);
    });
  }
}

const away = (reason?: LedgerFailureReason) =>
  new LedgerError('unavailable', 'peer words', reason === undefined ? {} : { reason });

async function opened(): Promise<Bench> {
  const bench = new Bench();
  await settle();
  return bench;
}

test.each<[string, 'peer' | 'chaincode', LedgerError, LedgerFailureReason]>([
  ['its chaincode hangs', 'chaincode', away('NO_ANSWER'), 'CHAINCODE_SILENT'],
  ['its chaincode is dead', 'chaincode', away('CHAINCODE_SILENT'), 'CHAINCODE_SILENT'],
  ['its chaincode is not there', 'chaincode', away('CHAINCODE_MISSING'), 'CHAINCODE_MISSING'],
  ['its peer does not answer', 'peer', away('NO_ANSWER'), 'NO_ANSWER'],
  ['its peer refuses it', 'peer', away('IDENTITY_REFUSED'), 'IDENTITY_REFUSED'],
  ['its peer fails without a name', 'peer', away(), 'NO_ANSWER'],
])('%s: not ready, said once with the remedy, and over by itself', async (_, part, failure, problem) => {
  const bench = await opened();
  expect(networkHealth(bench.check)).toEqual({ ready: true });
  bench[part] = failure;
  await bench.again();
  await bench.again();
  expect(networkHealth(bench.check)).toEqual({
    ready: false,
    reason: expect.stringMatching(new RegExp(`^no access of anybody .*\\(${problem}\\)$`)) as string,
    remedy: LEDGER_REMEDIES[problem],
  });
  expect(bench.lines).toMatchObject([{ level: 50, problem, remedy: LEDGER_REMEDIES[problem] }]);
  bench[part] = undefined;
  await bench.again();
  await bench.again();
  expect(networkHealth(bench.check)).toEqual({ ready: true });
  expect(bench.lines.map(({ level }) => level)).toEqual([50, 30]);
});

test.each<[string, (bench: Bench) => Promise<void>]>([
  [
    'a write works',
    async (bench) => {
      bench.put = undefined;
      await bench.write();
    },
  ],
  [
    'the ledger grows by anybody’s',
    (bench) => {
      bench.height += 1n;
      return Promise.resolve();
    },
  ],
])('orderers that take no write are told until %s', async (_, heal) => {
  const bench = await opened();
  bench.put = new LedgerError('unknown', 'x', { reason: 'ORDERER_AWAY' });
  await bench.write();
  expect(bench.check.finding()).toMatchObject({ problem: 'ORDERER_AWAY' });
  // A block from before the failure that is seen after it is no sign of life.
  bench.height += 1n;
  await bench.again();
  await bench.again();
  expect(networkHealth(bench.check)).toMatchObject({ ready: false, remedy: LEDGER_REMEDIES.ORDERER_AWAY });
  await heal(bench);
  await bench.again();
  expect(networkHealth(bench.check)).toEqual({ ready: true });
  expect(bench.lines.map(({ level }) => level)).toEqual([50, 30]);
});

test('a patient’s own mistake is no trouble of the network', async () => {
  const bench = await opened();
  bench.put = new LedgerError('rejected', 'x', { domainCode: 'VERSION_CONFLICT' });
  await bench.write();
  bench.chaincode = new LedgerError('rejected', 'x', { domainCode: 'NOT_INITIALISED' });
  await bench.again();
  expect([bench.check.finding(), bench.lines]).toEqual([undefined, []]);
});

test('asks no more once it is closed', async () => {
  const bench = await opened();
  expect(bench.isWaiting).toBe(true);
  bench.check.close();
  expect(bench.isWaiting).toBe(false);
  const early = new Bench();
  early.check.close();
  await settle();
  expect(early.isWaiting).toBe(false);
});
