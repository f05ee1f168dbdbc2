// SPDX-License-Identifier: Apache-2.0
/** What may happen to a gateway, in random order: for the model of the recorder. */
import fc from 'fast-check';
import type { Evaluation, Fault } from '../fakeLedger';

export type Step =
  | {
      readonly do: 'request';
      readonly emergency: boolean;
      readonly parts: number;
      readonly client: number;
      readonly trouble: Trouble;
      /** Milliseconds since its admission. */
      readonly age: number;
    }
  /** Many at once of one client. */
  | { readonly do: 'flood'; readonly emergency: boolean }
  /** Trustee and orderer answer nothing, or again; the own peer answers on. */
  | { readonly do: 'cutOff'; readonly cutOff: boolean }
  /** What the own peer says when asked without a record, and whether it then thinks as the commit will. */
  | {
      readonly do: 'evaluation';
      readonly evaluation: Evaluation;
      readonly agrees: boolean;
    }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'away'; readonly away: boolean }
  /** The disk of the store takes nothing more, or has room again. */
  | { readonly do: 'disk'; readonly full: boolean }
  | { readonly do: 'advance'; readonly ms: number }
  /** The chaincode is brought to a version that refuses what the one before took; or back. */
  | { readonly do: 'upgrade'; readonly upgraded: boolean }
  /** The process ends, and the next one has another name. */
  | { readonly do: 'rename' }
  /** The process is asked to end, and does; first it answers those who wait, or not. */
  | { readonly do: 'stop'; readonly answers: boolean }
  | { readonly do: 'deliver' }
  | { readonly do: 'release' }
  /** The process ends at its n-th next use of store or ledger, just before or just after its effect. */
  | {
      readonly do: 'crash';
      readonly uses: number;
      readonly when: 'before' | 'after';
    };

/**
 * What the ledger never takes: one of the parts, an amendment of one; by a refusal, or because its peers
 * never agree. Or only since an upgrade, when it may be on its way already.
 */
export type Trouble = 'none' | 'refused' | 'amendmentRefused' | 'differs' | 'refusedLater';

export type Happening = Exclude<Step, { readonly do: 'request' | 'advance' | 'release' | 'rename' | 'stop' }>;

const fault: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<Fault>({ kind: 'none' }, { kind: 'conflict' }, { kind: 'away' }),
  },
  { weight: 3, arbitrary: fc.constant<Fault>({ kind: 'held' }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('dropped', 'written', 'delayed')
      .map((fate): Fault => ({ kind: 'lost', fate })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('SUSPENDED', 'INVALID_INPUT', 'NOT_INITIALISED')
      .map((code): Fault => ({ kind: 'refused', code })),
  },
);

const trouble: fc.Arbitrary<Trouble> = fc.constantFrom<Trouble>(
  ...Array.from({ length: 9 }, () => 'none' as const),
  'refused',
  'refused',
  'amendmentRefused',
  'differs',
  'refusedLater',
  'refusedLater',
);

/** What reading the source and waiting for the thread took before a request is handed in. */
const age = fc.constantFrom(0, 0, 0, 500, 9_000, 14_500, 40_000, 65_000);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.boolean(), fc.constantFrom(1, 1, 1, 2, 3, 7), fc.nat({ max: 2 }), trouble, age)
      .map(([emergency, parts, client, one, since]): Step => ({
        do: 'request',
        emergency,
        parts,
        client,
        trouble: one,
        age: since,
      })),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((emergency): Step => ({ do: 'flood', emergency })),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map((cutOff): Step => ({ do: 'cutOff', cutOff })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom<Evaluation>(
          'answers',
          'answers',
          'silent',
          'away',
          { refused: 'SUSPENDED' },
          { refused: 'CORRUPT' },
          { refused: 'TIME_OUT_OF_RANGE' },
          { refused: 'NOT_INITIALISED' },
        ),
        fc.boolean(),
      )
      .map(([evaluation, agrees]): Step => ({
        do: 'evaluation',
        evaluation,
        agrees,
      })),
  },
  {
    weight: 4,
    arbitrary: fault.map((one): Step => ({ do: 'fault', fault: one })),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map((away): Step => ({ do: 'away', away })),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map((full): Step => ({ do: 'disk', full })),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(0, 1, 20, 300, 1_100, 2_000, 2_100, 3_000, 3_000, 11_000)
      .map((ms): Step => ({ do: 'advance', ms })),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((upgraded): Step => ({ do: 'upgrade', upgraded })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'deliver' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'rename' }) },
  { weight: 1, arbitrary: fc.boolean().map((answers): Step => ({ do: 'stop', answers })) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'release' }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('before', 'after'))
      .map(([uses, when]): Step => ({ do: 'crash', uses, when })),
  },
);

/**
 * Steps that chance alone brings together too seldom: a try that hangs or loses its answer while its request
 * is given up or leaves late.
 */
const scene: fc.Arbitrary<readonly Step[]> = fc
  .record({
    fault: fc.constantFrom<Fault>({ kind: 'held' }, { kind: 'held' }, { kind: 'lost', fate: 'delayed' }),
    emergency: fc.boolean(),
    parts: fc.constantFrom(1, 1, 2, 6),
    what: trouble,
    since: age,
    between: fc.array(step, { maxLength: 2 }),
    ms: fc.constantFrom(2_000, 3_000, 11_000, 16_000),
    after: fc.array(step, { maxLength: 2 }),
  })
  .map(({ fault: first, emergency, parts, what, since, between, ms, after }): readonly Step[] => [
    { do: 'fault', fault: first },
    { do: 'request', emergency, parts, client: 0, trouble: what, age: since },
    ...(first.kind === 'lost'
      ? [{ do: 'advance', ms: 0 } as const, { do: 'cutOff', cutOff: true } as const]
      : []),
    ...between,
    { do: 'advance', ms },
    ...after,
    { do: 'deliver' },
    { do: 'release' },
    { do: 'cutOff', cutOff: false },
  ]);

/** The ledger is cut off while several leave late, and never takes one of them. */
const refusedLate: fc.Arbitrary<readonly Step[]> = fc
  .record({
    before: fc.nat({ max: 5 }),
    after: fc.nat({ max: 5 }),
    what: fc.constantFrom<Trouble>('refused', 'differs'),
    // An own peer that answers refuses what the ledger will refuse.
    evaluation: fc.constantFrom<Evaluation>('away', 'silent', 'answers'),
    then: fc.array(step, { maxLength: 3 }),
  })
  .map(({ before, after, what, evaluation, then }): readonly Step[] => {
    const late = (one: Trouble): Step => ({
      do: 'request',
      emergency: true,
      parts: 1,
      client: 1,
      trouble: one,
      age: 0,
    });
    return [
      { do: 'cutOff', cutOff: true },
      { do: 'evaluation', evaluation, agrees: true },
      ...Array.from({ length: before }, () => late('none')),
      late(what),
      ...Array.from({ length: after }, () => late('none')),
      { do: 'advance', ms: 3_000 },
      { do: 'cutOff', cutOff: false },
      ...then,
    ];
  });

/**
 * Several share a batch whose answer is lost; then the ledger refuses one of them, and the others and later
 * ones go on.
 */
const refusedAfterwards: fc.Arbitrary<readonly Step[]> = fc
  .record({
    fate: fc.constantFrom('dropped', 'written', 'delayed', 'delayed'),
    requests: fc.array(
      fc.record({
        emergency: fc.boolean(),
        parts: fc.constantFrom(1, 1, 2, 3),
        since: age,
        what: fc.constantFrom<Trouble>('none', 'refusedLater', 'refusedLater', 'amendmentRefused'),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    before: fc.array(step, { maxLength: 1 }),
    between: fc.array(step, { maxLength: 2 }),
    // Of what takes the place; the first is consumed by the try that is refused.
    then: fc.constantFrom<Fault>(
      { kind: 'none' },
      { kind: 'held' },
      { kind: 'held' },
      { kind: 'conflict' },
      { kind: 'lost', fate: 'dropped' },
      { kind: 'lost', fate: 'delayed' },
    ),
    ms: fc.constantFrom(40, 60, 100, 100, 300, 3_000),
    isRenamed: fc.boolean(),
    after: fc.array(step, { maxLength: 3 }),
  })
  .map(({ fate, requests, before, between, then, ms, isRenamed, after }): readonly Step[] => {
    const lost: Step = { do: 'fault', fault: { kind: 'lost', fate } };
    const another: Step = {
      do: 'request',
      emergency: false,
      parts: 1,
      client: 2,
      trouble: 'none',
      age: 0,
    };
    return [
      { do: 'upgrade', upgraded: false },
      { do: 'fault', fault: { kind: 'held' } },
      another,
      { do: 'advance', ms: 0 },
      lost,
      ...requests.map(({ emergency, parts, what, since }): Step => ({
        do: 'request',
        emergency,
        parts,
        client: 0,
        trouble: what,
        age: since,
      })),
      { do: 'release' },
      ...before,
      { do: 'upgrade', upgraded: true },
      { do: 'fault', fault: { kind: 'none' } },
      { do: 'fault', fault: then },
      another,
      { do: 'advance', ms },
      ...between,
      ...(isRenamed ? [{ do: 'rename' } as const, { do: 'advance', ms: 0 } as const] : []),
      { do: 'deliver' },
      { do: 'release' },
      ...after,
    ];
  });

/**
 * Several batches are handed in without an answer; then the ledger refuses one of them, on whose length the
 * later ones count.
 */
const refusedUnderOthers: fc.Arbitrary<readonly Step[]> = fc
  .record({
    fates: fc.array(fc.constantFrom('dropped', 'written', 'delayed'), { minLength: 2, maxLength: 3 }),
    bad: fc.nat({ max: 2 }),
    emergency: fc.boolean(),
    between: fc.array(step, { maxLength: 2 }),
    ms: fc.constantFrom(0, 60, 300, 3_000, 11_000),
    isRenamed: fc.boolean(),
    after: fc.array(step, { maxLength: 3 }),
  })
  .map(({ fates, bad, emergency, between, ms, isRenamed, after }): readonly Step[] => [
    { do: 'upgrade', upgraded: false },
    { do: 'cutOff', cutOff: false },
    { do: 'away', away: false },
    ...fates.map((fate): Step => ({ do: 'fault', fault: { kind: 'lost', fate } })),
    // Parts that fill a batch each, so that several fly.
    ...fates.map((_, at): Step => ({
      do: 'request',
      emergency,
      parts: 4,
      client: 0,
      trouble: at === bad ? 'refusedLater' : 'none',
      age: 0,
    })),
    { do: 'advance', ms: 0 },
    { do: 'cutOff', cutOff: true },
    { do: 'upgrade', upgraded: true },
    ...between,
    { do: 'advance', ms },
    ...(isRenamed ? [{ do: 'rename' } as const] : []),
    { do: 'cutOff', cutOff: false },
    { do: 'advance', ms: 100 },
    { do: 'deliver' },
    { do: 'release' },
    ...after,
  ]);

export const history: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: step.map((one) => [one]) },
      { weight: 2, arbitrary: scene },
      { weight: 1, arbitrary: refusedLate },
      { weight: 4, arbitrary: refusedAfterwards },
      { weight: 3, arbitrary: refusedUnderOthers },
    ),
    {
      minLength: 5,
      maxLength: 40,
    },
  )
  .map((pieces) => pieces.flat());
