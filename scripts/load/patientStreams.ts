// SPDX-License-Identifier: Apache-2.0
/** What patients do all the while: one changes her consent, one looks at his list. */
import { setTimeout as wait } from 'node:timers/promises';
import { PatientClient, type PatientAnswer } from '../../gateway/dist/demo/patientClient';
import type { PatientAccount } from './accessList';
import type { Stream, StreamAnswer } from './stream';

/** The trustee takes 1,200 requests a minute from one address. */
const BETWEEN_CALLS_MS = 200;
const PAGE = 20;

export interface Consents extends Stream {
  /** Versions that the trustee said are on file. */
  readonly acknowledged: readonly number[];
}

/**
 * A patient who changes her consent again and again, to one that denies everything by the rule `rule`.
 * @param options.betweenMs between an answer and the next change; default: as often as one address may
 */
export function startConsents(
  options: PatientAccount & { readonly rule: string; readonly betweenMs?: number },
): Consents {
  const { rule, betweenMs = BETWEEN_CALLS_MS } = options;
  const acknowledged: number[] = [];
  const stream = startPatient(options, betweenMs, async (session) => {
    const current = await session.get('consent');
    if (current.status !== 200) {
      return current;
    }
    const policy = { rules: [{ id: rule, effect: 'deny' }], default: 'deny' };
    const answer = await session.put('consent', policy, current.etag ?? '');
    if (answer.status === 200) {
      acknowledged.push((answer.body as { version: number }).version);
    }
    return answer;
  });
  return { ...stream, acknowledged };
}

/** A patient who looks at his list again and again. */
export function startReads(account: PatientAccount): Stream {
  return startPatient(account, BETWEEN_CALLS_MS, (session) => session.get(`accesses?limit=${String(PAGE)}`));
}

/** Signs in once and repeats `act`, also after it failed. */
function startPatient(
  { portalUrl, patient }: PatientAccount,
  betweenMs: number,
  act: (session: PatientClient) => Promise<PatientAnswer>,
): Stream {
  const answers: StreamAnswer[] = [];
  const state = { goesOn: true };
  let session: PatientClient | undefined;
  const once = async (): Promise<StreamAnswer> => {
    try {
      session ??= await PatientClient.signIn(portalUrl, patient.username, patient.password);
      const { status, retryAfter } = await act(session);
      return { at: performance.now(), status, retryAfter: retryAfter !== null };
    } catch {
      // Nobody answered.
      return { at: performance.now(), status: 'unreachable', retryAfter: false };
    }
  };
  const work = async (): Promise<void> => {
    while (state.goesOn) {
      answers.push(await once());
      await wait(betweenMs);
    }
  };
  const working = work();
  return {
    answers,
    stop: async () => {
      state.goesOn = false;
      await working;
    },
  };
}
