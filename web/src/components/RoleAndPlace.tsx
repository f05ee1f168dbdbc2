// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { useOrganisationName } from '../lib/queries';
import { Text, useWords } from '../words/context';
import { Name } from './Name';

interface RoleAndPlaceProps {
  readonly entry: AccessEntry;
  /** Names at their full length, for a place with room. */
  readonly isFull?: boolean;
}

/**
 * What stands beside a requester's name: role, organisation, and whose record it was where that is another
 * one.
 */
export function RoleAndPlace({ entry, isFull = false }: RoleAndPlaceProps): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { person, organisation } = entry.requester;
  const isShort = !isFull;
  return (
    <span className="place">
      {person !== null && person.role !== '' && (
        <span>
          <Name isShort={isShort}>
            {isFull ? words.capital(words.code('role', person.role)) : words.code('role', person.role)}
          </Name>{' '}
        </span>
      )}
      {person !== null && (
        <span>
          <Name isShort={isShort}>{organisationName(organisation.mspId, organisation.name)}</Name>{' '}
        </span>
      )}
      {entry.holder !== organisation.mspId && (
        <span>
          <Text
            k="list.heldAt"
            values={{ org: <Name isShort={isShort}>{organisationName(entry.holder)}</Name> }}
          />
        </span>
      )}
    </span>
  );
}
