// SPDX-License-Identifier: Apache-2.0
import type { Me } from '@api/schemas';
import type { Vocabulary } from '../words/context';

/**
 * The name of an organisation: as the Registry says now, else as it was given with what is shown. Where
 * neither is known the words say that the name cannot be read, beside the MSP id: a code is no name.
 * @param given the name that came with an entry; the MSP id itself where the server knew none.
 */
export function nameOfOrganisation(
  words: Vocabulary,
  organisations: Me['organisations'],
  mspId: string,
  given = mspId,
): string {
  const known = organisations.find((organisation) => organisation.mspId === mspId)?.name ?? given;
  return known === mspId ? words.text('app.unnamed', { id: mspId }) : known;
}
