// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessEvent, AccessRequest, LateBasis } from '@chartwitness/chaincode/domain';
import { createRecorder } from '../../../../../gateway/src/recorder/createRecorder';
import type { Outbox } from '../../../../../gateway/src/recorder/outbox';
import type {
  EmergencyWithoutLedger,
  Recorder,
  RecordOutcome,
} from '../../../../../gateway/src/recorder/recorder';
import { openOutbox } from '../../../../../gateway/src/recorder/sqliteOutbox';
import { FakeLedger } from '../fakeLedger';
import { ManualScheduler } from '../manualScheduler';
import { emergencyOf, partsOf, requestOf } from '../requests';
import { LANE, silent } from '../workbench';
import type { Happening, Step, Trouble } from './histories';
import { Crash, Life, onDisk } from './life';

/** One request and what its caller was told: nothing when the process ended first. */
export interface Asked {
  readonly parts: readonly AccessRequest[];
  readonly life: Life;
  outcomes?: readonly RecordOutcome[];
  wasRefused?: boolean;
  /** Whether ledger and store said at the end of the process that nothing had been given. */
  wasUnanswerable?: boolean;
}

const AWAY_AFTER_MS = 2_000;
const STOP_WITHIN_MS = 10_000;
const STOP_TICK_MS = 500;
const FLOOD = 12;
/** As long as an emergency waits for the own peer. */
const EVALUATE_MS = 1_000;
/** Of a minute each: an entry about which the peers differ is tried five times, half a minute apart. */
const HEALING_TURNS = 8;

/** Runs the steps on one store and one ledger across as many lives as they take, then heals everything. */
export class World {
  readonly ledger = new FakeLedger();
  readonly asked: Asked[] = [];
  /** Entries that the ledger never takes, and those whose amendments it never takes. */
  readonly refused = new Set<string>();
  readonly amendmentsRefused = new Set<string>();
  readonly #refusedLater = new Set<string>();
  #isUpgraded = false;
  /** Places that were filled by entries about nobody. */
  filled = 0;
  /** Batches whose place was given to another one, and those that turned out to be there. */
  displaced = 0;
  rivalsFound = 0;
  /** How often a process ended as it was asked to. */
  stopped = 0;
  readonly #differing = new Set<string>();
  /** What was wrong at the moment of an answer. */
  readonly faults: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'recorder-model-'));
  readonly #choice: EmergencyWithoutLedger;
  #store: Outbox | undefined;
  #isFull = false;
  readonly #scheduler = new ManualScheduler();
  /** Of the life that is, or comes next. */
  #name = 1;
  #life = new Life();
  #recorder: Recorder | undefined;
  #requests = 0;
  /** When the recorder last knew of a commit, or began. */
  #lastCommitAt = 0;
  /** Late releases up to then. */
  #lateThen = 0;
  /** When the own peer last answered a question, by id. */
  readonly #answeredAt = new Map<string, number>();

  constructor(choice: EmergencyWithoutLedger) {
    this.#choice = choice;
    this.ledger.decide = decided;
    this.ledger.refuses = ({ id, amends }) =>
      this.refused.has(id) ||
      (this.#isUpgraded && this.#refusedLater.has(id)) ||
      (amends !== undefined && this.amendmentsRefused.has(amends.id));
    this.ledger.onAnswered = ({ id }) => this.#answeredAt.set(id, this.#scheduler.now());
    this.ledger.differsAbout = ({ id }) => this.#differing.has(id);
  }

  /** Whether the ledger never takes it. */
  isNeverTaken(request: AccessRequest): boolean {
    return this.ledger.refuses(request) || this.ledger.differsAbout(request);
  }

  /** What stands aside by name. */
  get setAside(): readonly AccessRequest[] {
    const store = this.#store;
    return (store?.setAside() ?? []).flatMap(({ id }) => store?.findOwed(id)?.request ?? []);
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.#live();
      await this.#perform(one);
    }
  }

  async heal(): Promise<Recorder> {
    this.ledger.isAway = false;
    this.ledger.isCutOff = false;
    this.ledger.faults = [];
    this.#isFull = false;
    this.#life.crashAt(Infinity, 'before');
    this.ledger.deliver();
    for (let turn = 0; turn < HEALING_TURNS; turn += 1) {
      this.ledger.releaseHeld();
      await this.#scheduler.advance(60_000);
      if (!this.#life.isOver && this.#recorder?.state().phase === 'stuck') {
        this.faults.push('stuck because of one entry');
      }
      // What was set aside for a trouble that has passed is recorded after a restart.
      this.#life.isOver ||= turn === HEALING_TURNS / 2;
      await this.#live();
      // Something that the ledger takes: whatever it refuses then, it refuses alone.
      this.#request(false, 1, 3, 'none', 0);
    }
    await this.#scheduler.advance(5_000);
    if (this.#recorder === undefined) {
      throw new Error('no recorder is alive');
    }
    return this.#recorder;
  }

  async #live(): Promise<void> {
    while (this.#recorder === undefined || this.#life.isOver) {
      this.#noteEnd();
      const life = new Life();
      this.#life = life;
      this.#lastCommitAt = this.#scheduler.now();
      this.#lateThen = 0;
      this.#recorder = undefined;
      // What an earlier life kept in memory only is gone; what it wrote is there.
      const store = openOutbox(join(this.#folder, 'outbox.db'));
      this.#store = store;
      const never = (): Promise<never> => new Promise(() => undefined);
      const opening = createRecorder({
        ledger: life.limit(this.ledger, never),
        lane: this.lanes.at(-1) ?? LANE,
        outbox: life.limit(
          onDisk(
            store,
            () => this.#isFull,
            (change) => {
              this.displaced += Number(change.displace !== undefined);
              this.filled += Number(change.refill !== undefined);
              this.rivalsFound += Number(change.filled !== undefined && change.advance !== undefined);
            },
          ),
          () => {
            throw new Crash();
          },
        ),
        emergencyWithoutLedger: this.#choice,
        onBatch: () => {
          if (life.isOver) {
            return;
          }
          this.#lastCommitAt = this.#scheduler.now();
          this.#lateThen = lateReleasesOf(this.#recorder);
        },
        log: silent,
        limits: {
          pipelineAt: 2,
          maxBatchEvents: 4,
          maxInFlight: 3,
          pipelineAfterMs: 20,
        },
        scheduler: {
          now: () => this.#scheduler.now(),
          after: (ms, action) =>
            this.#scheduler.after(ms, () => {
              life.perform(action);
            }),
        },
        jitter: () => 0.5,
      });
      this.#recorder = await opening;
    }
  }

  async #perform(one: Step): Promise<void> {
    if (one.do === 'request') {
      this.#request(one.emergency, one.parts, one.client, one.trouble, one.age);
    } else if (one.do === 'rename') {
      this.#life.isOver = true;
      this.#name += 1;
    } else if (one.do === 'stop') {
      await this.#stop(one.answers);
    } else if (one.do === 'advance') {
      await this.#scheduler.advance(one.ms);
    } else if (one.do === 'release') {
      this.ledger.releaseHeld();
      await this.#scheduler.advance(0);
    } else {
      this.#happen(one);
    }
  }

  /** Whatever hangs: soon after its last commit the process has ended. */
  async #stop(answers: boolean): Promise<void> {
    const life = this.#life;
    const began = this.#scheduler.now();
    const passUntil = async (isDone: () => boolean): Promise<void> => {
      await this.#scheduler.advance(0);
      while (!isDone() && !life.isOver && this.#scheduler.now() - began <= STOP_WITHIN_MS) {
        await this.#scheduler.advance(STOP_TICK_MS);
      }
    };
    this.#recorder?.windDown();
    if (answers) {
      await passUntil(() => this.#isAnswered(life));
    }
    const closed = new AbortController();
    void this.#recorder?.close().then(
      () => {
        closed.abort();
      },
      // A crash in it.
      () => undefined,
    );
    await passUntil(() => closed.signal.aborted);
    if (!life.isOver) {
      this.#judgeStop(closed.signal.aborted, this.#scheduler.now() - Math.max(began, this.#lastCommitAt));
    }
    life.isOver = true;
  }

  #isAnswered(life: Life): boolean {
    return this.asked.every(
      (one) => one.life !== life || one.outcomes !== undefined || one.wasRefused === true,
    );
  }

  #judgeStop(hasEnded: boolean, quietMs: number): void {
    // What the ledger refuses is an answer, and rests: the lane is not away then.
    const isSlow = quietMs > AWAY_AFTER_MS + EVALUATE_MS + 2 * STOP_TICK_MS && !this.#hasTrouble;
    if (!hasEnded || isSlow) {
      this.faults.push(`a stop: ${String(hasEnded)}, ${String(quietMs)} ms without a commit`);
    }
    this.stopped += Number(hasEnded);
  }

  /** Whether an entry was handed in that the ledger refuses, or may. */
  get #hasTrouble(): boolean {
    return (
      this.refused.size + this.amendmentsRefused.size + this.#refusedLater.size + this.#differing.size > 0
    );
  }

  #happen(one: Happening): void {
    switch (one.do) {
      case 'flood':
        for (let count = 0; count < FLOOD; count += 1) {
          this.#request(one.emergency, 1, 9, 'none', 0);
        }
        return;
      case 'crash':
        this.#life.crashAt(one.uses, one.when);
        return;
      case 'cutOff':
        this.ledger.isCutOff = one.cutOff;
        return;
      case 'evaluation':
        this.ledger.evaluation = one.evaluation;
        this.ledger.evaluate = one.agrees ? decided : evaluated;
        return;
      case 'fault':
        this.ledger.faults.push(one.fault);
        return;
      case 'away':
        this.ledger.isAway = one.away;
        return;
      case 'disk':
        this.#isFull = one.full;
        return;
      case 'upgrade':
        this.#isUpgraded = one.upgraded;
        return;
      case 'deliver':
        this.ledger.deliver();
    }
  }

  /** Those of all names, in their order. */
  get lanes(): readonly string[] {
    return Array.from({ length: this.#name }, (_, at) => (at === 0 ? LANE : `${LANE}-${String(at + 1)}`));
  }

  get events(): readonly AccessEvent[] {
    return this.lanes.flatMap((lane) => this.ledger.events(lane));
  }

  #request(isEmergency: boolean, count: number, client: number, what: Trouble, since: number): void {
    this.#requests += 1;
    const plain = isEmergency ? emergencyOf(0) : requestOf(0);
    const like = {
      ...plain,
      requester: { ...plain.requester, clientId: `client-${String(client)}` },
    };
    const { id, salt } = requestOf(this.#requests * 1_000);
    const parts = count === 1 ? [{ ...like, id, salt }] : partsOf(this.#requests, count, like);
    this.#mark(parts[this.#requests % parts.length]?.id ?? '', what);
    const life = this.#life;
    const asked: Asked = { parts, life };
    this.asked.push(asked);
    const handedInAt = this.#scheduler.now();
    const by = latestAnswer(isEmergency, handedInAt - since, handedInAt);
    const isAnswered = (): boolean => {
      if (!life.isOver && this.#scheduler.now() > by) {
        this.faults.push(`answered ${String(this.#scheduler.now() - by)} ms too late`);
      }
      return !life.isOver;
    };
    void this.#recorder?.record(parts, handedInAt - since).then(
      (outcomes) => {
        if (isAnswered()) {
          asked.outcomes = outcomes;
          this.#judge(parts, outcomes);
        }
      },
      () => {
        asked.wasRefused = isAnswered();
      },
    );
  }

  #mark(id: string, what: Trouble): void {
    if (what === 'refused') {
      this.refused.add(id);
    } else if (what === 'amendmentRefused') {
      this.amendmentsRefused.add(id);
    } else if (what === 'refusedLater') {
      this.#refusedLater.add(id);
    } else if (what === 'differs') {
      this.#differing.add(id);
    }
  }

  /** What must hold in the moment of the answer. */
  #judge(parts: readonly AccessRequest[], outcomes: readonly RecordOutcome[]): void {
    parts.forEach((part, at) => {
      const outcome = outcomes[at];
      if (outcome?.late === true) {
        const silence = this.#scheduler.now() - this.#lastCommitAt;
        if (silence < AWAY_AFTER_MS && lateReleasesOf(this.#recorder) > this.#lateThen) {
          this.faults.push(`late ${String(silence)} ms after a commit`);
        }
        if (!this.#isRecorded(part.id) && !this.#isOnDisk(part.id)) {
          this.faults.push('late without being on the disk');
        }
        const answeredAt = this.#answeredAt.get(part.id) ?? -Infinity;
        if (this.#scheduler.now() - answeredAt < EVALUATE_MS && this.#lateBasisOf(part.id) === 'deployment') {
          this.faults.push('released by the choice of the deployment though the own peer answered');
        }
        if (part.purpose !== 'BTG') {
          this.faults.push('late without an emergency');
        }
      } else if (!this.#isRecorded(part.id)) {
        this.faults.push('given out before it was recorded');
      }
    });
  }

  /**
   * The process has ended: notes which requests it cannot have answered, since a part was not settled and
   * none is marked late.
   */
  #noteEnd(): void {
    const open = new Set(
      [...(this.#store?.batches() ?? []), ...(this.#store?.rivals() ?? [])].flatMap((batch) =>
        batch.requests.filter(({ late }) => !late).map(({ id }) => id),
      ),
    );
    for (const asked of this.asked) {
      if (asked.outcomes === undefined && asked.life === this.#life) {
        const ids = asked.parts.map(({ id }) => id);
        asked.wasUnanswerable =
          ids.some((id) => open.has(id) || !this.#isRecorded(id)) &&
          !ids.some((id) => this.#isOnDisk(id) || this.#isRecordedLate(id));
      }
    }
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #isRecorded(id: string): boolean {
    return this.events.some((event) => event.id === id);
  }

  #isRecordedLate(id: string): boolean {
    return this.events.some((event) => event.id === id && event.late);
  }

  #isOnDisk(id: string): boolean {
    return this.#onDisk().some((request) => request.id === id && request.late);
  }

  #lateBasisOf(id: string): LateBasis | undefined {
    return this.#onDisk().find((request) => request.id === id && request.late)?.lateBasis;
  }

  #onDisk(): readonly AccessRequest[] {
    const batches = this.#store?.batches() ?? [];
    const owed = this.#store?.peekOwed(1_000, 1_000_000, 0) ?? [];
    return [
      ...batches.flatMap((batch) => batch.requests),
      ...owed.map((entry) => entry.request),
      ...this.setAside,
    ];
  }
}

/**
 * An emergency: within 15 s of its admission, or of being handed in within what it takes to find out that the
 * ledger is away; and within the own peer's second when that is being asked. Any other: 10 s from its
 * hand-in.
 */
function latestAnswer(isEmergency: boolean, admittedAt: number, handedInAt: number): number {
  return isEmergency
    ? Math.max(admittedAt + 15_000, handedInAt + AWAY_AFTER_MS + EVALUATE_MS + 1_000) + EVALUATE_MS
    : handedInAt + 10_000;
}

function lateReleasesOf(recorder: Recorder | undefined): number {
  const { ownPeer, deployment } = recorder?.state().lateReleases ?? {
    ownPeer: 0,
    deployment: 0,
  };
  return ownPeer + deployment;
}

function decided(request: AccessRequest, item: number): boolean {
  return (request.salt.charCodeAt(item) & 1) === 0;
}

function evaluated(request: AccessRequest, item: number): boolean {
  return (request.salt.charCodeAt(item + 2) & 1) === 0;
}
