// SPDX-License-Identifier: Apache-2.0
import type { RequestItem } from '@chartwitness/chaincode/domain';

/** Asks the own peer under one subject: whether each item would be permitted now. */
export type AskUnder = (subject: string, items: readonly RequestItem[]) => Promise<readonly boolean[]>;

/** Items as the consents under a person's former subjects leave them. */
export interface Narrowed {
  /**
   * To record under the surviving subject, in the same number and order: what may not leave is only decided
   * on.
   */
  readonly items: readonly RequestItem[];
  /** For each item whether it may leave if the surviving subject's consent permits it as well. */
  readonly allowed: readonly boolean[];
}

/**
 * What the consents under all former subjects permit together. So the one entry, under the surviving subject,
 * says exactly what leaves.
 * @throws what asking throws: without an answer nothing may leave, since a former consent might deny it.
 */
export async function narrowedByFormer(
  items: readonly RequestItem[],
  formerSubjects: readonly string[],
  ask: AskUnder,
): Promise<Narrowed> {
  const answers = await Promise.all(formerSubjects.map((subject) => ask(subject, items)));
  const alone = items.map((_item, place) => answers.every((permitted) => permitted[place] === true));
  const allowed = reachable(items, alone);
  return {
    allowed,
    items: items.map((item, place) => (allowed[place] === true ? ledBy(item, allowed) : ungiven(item))),
  };
}

/** Led to by what may leave alone. */
function ledBy(item: RequestItem, allowed: readonly boolean[]): RequestItem {
  return item.via === undefined ? item : { ...item, via: item.via.filter((lead) => allowed[lead] === true) };
}

function ungiven({ further = 0, ...item }: RequestItem): RequestItem {
  const more = further + item.count;
  return { ...item, count: 0, ids: [], ...(more === 0 ? {} : { further: more }) };
}

/** Of what is allowed by itself, what is also reached: from something allowed, over any number of steps. */
function reachable(items: readonly RequestItem[], alone: readonly boolean[]): readonly boolean[] {
  const reached = items.map(({ via }, place) => via === undefined && alone[place] === true);
  for (let grew = true; grew;) {
    grew = false;
    for (const [place, { via = [] }] of items.entries()) {
      if (reached[place] !== true && alone[place] === true && via.some((lead) => reached[lead] === true)) {
        reached[place] = true;
        grew = true;
      }
    }
  }
  return reached;
}
