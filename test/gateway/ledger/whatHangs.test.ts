// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import {
  LEDGER_REMEDIES,
  LedgerError,
  type LedgerFailureReason,
} from '../../../gateway/src/ledger/ledgerError';
import { watchLedger } from '../../../gateway/src/ledger/watchedLedger';
import { type HangingLedger, whatHangs } from '../../../gateway/src/ledger/whatHangs';
import { ManualScheduler, settle } from '../recorder/support/manualScheduler';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';

const LANE = 'NorthHospitalMSP/ward';
const OWN = 'NorthHospitalMSP';
const TRUSTEE = 'TrusteeMSP';
const failing = (reason?: LedgerFailureReason): LedgerError =>
  new LedgerError('unavailable', 'x', reason === undefined ? {} : { reason });

interface Parts {
  readonly peer?: LedgerError;
  readonly own?: LedgerError;
  readonly trustee?: LedgerError;
  /** One after the other. */
  readonly heights?: readonly bigint[];
}

function ledgerWith({ peer, own, trustee, heights = [5n] }: Parts): HangingLedger {
  let asked = 0;
  return {
    mspId: OWN,
    findSettings: () => Promise.resolve({ trustee: TRUSTEE } as never),
    takesTime: (mspId) => {
      const error = mspId === OWN ? own : trustee;
      return error === undefined ? Promise.resolve(true) : Promise.reject(error);
    },
    ownHeight: () => {
      // The first question only finds out whether the peer answers.
      const height = heights[Math.min(Math.max(0, asked - 1), heights.length - 1)] ?? 0n;
      asked += 1;
      return peer === undefined ? Promise.resolve(height) : Promise.reject(peer);
    },
    knownHeight: () => Promise.resolve(5n),
  };
}

describe('who does not do their part', () => {
  const refusal = new LedgerError('rejected', 'no', { domainCode: 'SUSPENDED' });
  test.each<[string, Parts, LedgerFailureReason | undefined]>([
    ['the own peer', { peer: failing() }, 'NO_ANSWER'],
    ['the own peer, for this identity', { peer: failing('IDENTITY_REFUSED') }, 'IDENTITY_REFUSED'],
    ['its chaincode', { own: failing('NO_ANSWER') }, 'CHAINCODE_SILENT'],
    ['its chaincode, which is not there', { own: failing('CHAINCODE_MISSING') }, 'CHAINCODE_MISSING'],
    ['the trustee’s peer', { trustee: failing('NO_ANSWER') }, 'TRUSTEE_AWAY'],
    ['the trustee’s chaincode', { trustee: failing('CHAINCODE_SILENT') }, 'TRUSTEE_AWAY'],
    ['nobody: a refusal is an answer', { own: refusal, trustee: refusal }, undefined],
    ['the orderers: the own peer is behind and gets no block', { heights: [3n, 3n] }, 'ORDERER_AWAY'],
    ['the own peer, which is catching up', { heights: [3n, 4n] }, 'PEER_BEHIND'],
    ['nobody: the own peer has caught up', { heights: [3n, 5n] }, undefined],
  ])('%s', async (_name, parts, reason) => {
    expect(await whatHangs(ledgerWith(parts), LANE, () => Promise.resolve())).toBe(reason);
  });
});

describe('while no batch commits', () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    {},
    {
      write: (line: string) => {
        lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    },
  );
  let scheduler: ManualScheduler;
  let fake: FakeProvenanceLedger;
  let parts: Parts;
  /** Ends the calls that hang. */
  let end: (error: LedgerError | undefined) => void;
  let record: () => Promise<unknown>;
  let trouble: () => string | undefined;

  beforeEach(() => {
    lines.length = 0;
    scheduler = new ManualScheduler();
    fake = Object.defineProperty(new FakeProvenanceLedger(), 'mspId', { value: OWN });
    parts = {};
    for (const name of ['findSettings', 'takesTime', 'ownHeight', 'knownHeight'] as const) {
      jest.spyOn(fake, name).mockImplementation((...args: unknown[]) => {
        const call = Reflect.get(ledgerWith(parts), name) as (...given: unknown[]) => Promise<never>;
        return call(...args);
      });
    }
    const hanging = new Set<(error: LedgerError | undefined) => void>();
    jest.spyOn(fake, 'recordBatch').mockImplementation(
      () =>
        new Promise((resolve, reject) => {
          hanging.add((error) => {
            if (error === undefined) {
              resolve(undefined as never);
            } else {
              reject(error);
            }
          });
        }),
    );
    end = (error) => {
      hanging.forEach((one) => {
        one(error);
      });
      hanging.clear();
    };
    const ledger = watchLedger(
      fake,
      log,
      () => scheduler.now(),
      (milliseconds, action) => scheduler.after(milliseconds, action),
    );
    record = () => ledger.recordBatch(LANE, 0, { start: 0, requests: [] }).catch(() => undefined);
    trouble = () => ledger.trouble()?.problem;
  });

  test('the orderers are named within seconds, though the batch itself fails much later', async () => {
    const recorded = record();
    await scheduler.advance(1_900);
    expect(trouble()).toBeUndefined();
    await scheduler.advance(200);
    expect(trouble()).toBe('ORDERER_AWAY');
    expect(lines).toMatchObject([
      { level: 40, problem: 'ORDERER_AWAY', remedy: LEDGER_REMEDIES.ORDERER_AWAY, failures: 1 },
    ]);
    end(undefined);
    await recorded;
    expect(trouble()).toBeUndefined();
  });

  test('a failure that does not say whose it is gets the name that was found', async () => {
    parts = { trustee: failing('NO_ANSWER') };
    void record();
    await scheduler.advance(2_100);
    expect(trouble()).toBe('TRUSTEE_AWAY');
    end(failing('NO_ANSWER'));
    await settle();
    expect(trouble()).toBe('TRUSTEE_AWAY');
    void record();
    end(failing('ORDERER_AWAY'));
    await settle();
    expect(trouble()).toBe('ORDERER_AWAY');
  });

  test('peers that differ because the own one gets no blocks: the orderers', async () => {
    parts = { heights: [3n, 3n] };
    void record();
    end(new LedgerError('retryable', 'x', { reason: 'PEERS_DIFFER' }));
    await scheduler.advance(2_000);
    expect(trouble()).toBe('ORDERER_AWAY');
  });

  test('peers that differ and all are up to date: as they say', async () => {
    void record();
    end(new LedgerError('retryable', 'x', { reason: 'PEERS_DIFFER' }));
    await scheduler.advance(5_000);
    expect(trouble()).toBe('PEERS_DIFFER');
  });

  test('nobody is asked while batches commit', async () => {
    for (let number = 0; number < 10; number += 1) {
      void record();
      await scheduler.advance(1_000);
      end(undefined);
      await settle();
    }
    expect(fake.ownHeight).not.toHaveBeenCalled();
    expect([trouble(), lines]).toEqual([undefined, []]);
  });

  test('what is found after a commit is nobody’s trouble', async () => {
    parts = { heights: [3n, 3n] };
    void record();
    await scheduler.advance(2_500);
    end(undefined);
    await scheduler.advance(10_000);
    expect(trouble()).toBeUndefined();
  });
});
