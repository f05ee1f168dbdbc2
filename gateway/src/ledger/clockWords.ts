// SPDX-License-Identifier: Apache-2.0

/**
 * What a peer makes of this process' time: it takes what is made now, it refuses it for its time alone, or it
 * gave no answer.
 */
export type TimeVerdict = 'taken' | 'refused' | 'unknown';

/** What the own organisation's peer says, and others' by MSP id. */
export interface TimeVerdicts {
  readonly own: TimeVerdict;
  readonly others: Readonly<Record<string, TimeVerdict>>;
}

/** What the verdicts mean, for an operator. */
export interface ClockFinding {
  /** Whether nothing can be recorded at this time; else it is a hint. */
  readonly isCertain: boolean;
  readonly reason: string;
  readonly remedy: string;
}

/** Reads the verdicts; `undefined` where nothing is wrong as far as they tell. */
export type ReadVerdicts = (verdicts: TimeVerdicts, mspId: string) => ClockFinding | undefined;

const FAR = 'is more than 60 s from';
const NOTHING = 'nothing can be recorded, and clients whose clocks are right may be refused their tokens';
const SET_THIS = 'set this machine’s clock by a time server';
const SET_WRONG = 'compare this machine’s and the own peer’s clock with a time server, and set the wrong one';

/**
 * A hospital's own peer and the trustee's endorse every record: where either refuses this time, nothing is
 * recorded, even if that peer's clock is the wrong one.
 */
export const readAsHospital: ReadVerdicts = ({ own, others }, mspId) => {
  const trustee = Object.values(others)[0] ?? 'unknown';
  const wrong = (what: string, remedy: string): ClockFinding => ({
    isCertain: true,
    reason: `CLOCK_WRONG: this machine's clock ${FAR} ${what}: ${NOTHING}`,
    remedy,
  });
  if (own === 'refused' && trustee === 'refused') {
    return wrong('those of both peers', SET_THIS);
  }
  if (own === 'refused') {
    const other = trustee === 'taken' ? ', while that of the trustee’s peer agrees with it' : '';
    return wrong(`that of ${mspId}'s peer${other}`, SET_WRONG);
  }
  if (trustee === 'refused') {
    const other = own === 'taken' ? `, while that of ${mspId}'s peer agrees with it` : '';
    return wrong(
      `that of the trustee's peer${other}`,
      'compare this machine’s and the own peer’s clock with a time server; if they are right, the trustee has to set that of its peer',
    );
  }
  return undefined;
};

/**
 * The trustee's own peer endorses every record and every consent: where it refuses this time, the service is
 * not ready, even if the peer's clock is the wrong one. Hospitals' peers tell whose clock that is. By
 * themselves they are hints: each is the word of one organisation, which must not be able to take the
 * patients' service away.
 */
export const readAsTrustee: ReadVerdicts = ({ own, others }, mspId) => {
  const saying = (verdict: TimeVerdict): readonly string[] =>
    Object.keys(others).filter((other) => others[other] === verdict);
  const [agree, refuse] = [saying('taken'), saying('refused')];
  if (own === 'refused') {
    return ownPeerRefuses(mspId, agree, refuse);
  }
  if (refuse.length === 0) {
    return undefined;
  }
  if (agree.length === 0 && refuse.length > 1) {
    return {
      isCertain: false,
      reason: `CLOCK_DOUBTED: the clocks of all hospitals’ peers that answer (${listed(refuse)}) are more than 60 s from this machine's: if this machine and ${mspId}'s peer are wrong together, no hospital can record anything`,
      remedy: SET_WRONG,
    };
  }
  return {
    isCertain: false,
    reason: `CLOCK_DOUBTED: the clock of ${listed(refuse)}'s peer ${FAR} this machine's: while it is, no access at that hospital is recorded`,
    remedy:
      'compare this machine’s and the own peer’s clock with a time server; if they are right, tell that hospital to set those of its peer and its gateway',
  };
};

function ownPeerRefuses(mspId: string, agree: readonly string[], refuse: readonly string[]): ClockFinding {
  const distance = `CLOCK_WRONG: this machine's clock ${FAR} that of ${mspId}'s peer`;
  if (agree.length > refuse.length) {
    return {
      isCertain: true,
      reason: `${distance}, while ${listed(agree)} agree with this machine: no access of anybody can be recorded, and no consent changed`,
      remedy: `set the clock of ${mspId}'s peer by a time server`,
    };
  }
  if (refuse.length > agree.length) {
    return {
      isCertain: true,
      reason: `${distance}, and from ${listed(refuse)}: no consent can be changed`,
      remedy: SET_THIS,
    };
  }
  return {
    isCertain: true,
    reason: `${distance}: no consent can be changed, and if the peer is wrong, no access of anybody recorded`,
    remedy: SET_WRONG,
  };
}

/** Organisations by name, a few of them. */
function listed(mspIds: readonly string[]): string {
  const shown = mspIds.slice(0, 3).join(', ');
  return mspIds.length > 3 ? `${shown} and ${String(mspIds.length - 3)} more` : shown;
}
