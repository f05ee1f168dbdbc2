// SPDX-License-Identifier: Apache-2.0
/** The patient's list as it is seen from outside: what stands in it, and when. */
import { setTimeout as wait } from 'node:timers/promises';
import type { AccessEntry } from '../../gateway/dist/api/schemas';
import { PatientClient } from '../../gateway/dist/demo/patientClient';

const LOOK_EVERY_MS = 50;

/** Whose list, and where. */
export interface PatientAccount {
  readonly portalUrl: string;
  readonly patient: { readonly username: string; readonly password: string };
}

/** A page of the list, as far as it is looked at here. */
interface Page {
  readonly items: readonly Pick<AccessEntry, 'requester'>[];
  readonly next: string | null;
}

const signIn = ({ portalUrl, patient }: PatientAccount): Promise<PatientClient> =>
  PatientClient.signIn(portalUrl, patient.username, patient.password);

/**
 * Waits until the person `id` stands in the patient's list.
 * @returns false when it does not in time
 */
export async function untilListed(
  account: PatientAccount & { readonly id: string; readonly withinMs: number },
): Promise<boolean> {
  const deadline = performance.now() + account.withinMs;
  const session = await signIn(account);
  for (;;) {
    const { status, body } = await session.get(`accesses?user=${encodeURIComponent(account.id)}`);
    if (status === 200 && (body as Page).items.length > 0) {
      return true;
    }
    if (performance.now() > deadline) {
      return false;
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** Which entries are waited for. */
export interface Awaited extends PatientAccount {
  /** Of all persons of this load. */
  readonly prefix: string;
  readonly ids: ReadonlySet<string>;
  readonly liveWithinMs: number;
  /** 0: they must be there as soon as the list says that it is up to date. */
  readonly shownWithinMs: number;
}

/**
 * Waits until the patient's list says that it is up to date and shows every person of `ids`, which it must
 * soon after their releases.
 * @returns how often each person with `prefix` stands in it then, or when the time is over
 */
export async function untilAllListed(awaited: Awaited): Promise<ReadonlyMap<string, number>> {
  const { prefix, ids, liveWithinMs, shownWithinMs } = awaited;
  const deadline = performance.now() + shownWithinMs;
  const session = await signIn(awaited);
  for (;;) {
    await untilLive(session, liveWithinMs);
    const counts = await readList(session, prefix);
    if ([...ids].every((id) => counts.has(id)) || performance.now() > deadline) {
      return counts;
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** The list is ordered by time, so it ends for a load with the first page that has nobody of it. */
async function readList(session: PatientClient, prefix: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let cursor = '';
  for (;;) {
    const { items, next } = (await session.get(`accesses?limit=200${cursor}`)).body as Page;
    const persons = items.map(({ requester }) => requester.person?.id ?? '');
    const own = persons.filter((id) => id.startsWith(prefix));
    for (const id of own) {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    if (next === null || (persons.length > 0 && own.length === 0)) {
      return counts;
    }
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

/** Waits until the list says that it is up to date. @throws Error when it does not in time */
export async function untilUpToDate(account: PatientAccount & { readonly withinMs: number }): Promise<void> {
  await untilLive(await signIn(account), account.withinMs);
}

async function untilLive(session: PatientClient, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const { list } = (await session.get('me')).body as { readonly list?: { readonly state: string } };
    if (list?.state === 'live') {
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `the list did not come up to date in ${String(withinMs / 1000)} s: ${JSON.stringify(list)}`,
      );
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** The version of the consent on file. */
export async function consentVersion(account: PatientAccount): Promise<number> {
  const session = await signIn(account);
  return ((await session.get('consent')).body as { readonly version: number }).version;
}
