// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import { formatMoment } from '../../lib/dates';
import { askedBefore } from '../../lib/entryTime';
import { useOrganisationName } from '../../lib/queries';
import { useWords } from '../../words/context';

/** Who, when, what for: one fact a line. */
export function Facts({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { person, organisation, clientId } = entry.requester;
  const asked = askedBefore(entry);
  return (
    <section className="entry-facts">
      <h2>{words.text('entry.facts')}</h2>
      <dl className="facts">
        {person !== null && (
          <Fact name={words.text('entry.person')}>
            <Name>{person.name}</Name>
          </Fact>
        )}
        {person !== null && person.role !== '' && (
          <Fact name={words.text('entry.role')}>
            <Name>{words.capital(words.code('role', person.role))}</Name>
          </Fact>
        )}
        <Fact name={words.text('entry.organisation')}>
          <Name>{organisationName(organisation.mspId, organisation.name)}</Name>
        </Fact>
        <Fact name={words.text('entry.holder')}>
          <Name>{organisationName(entry.holder)}</Name>
        </Fact>
        <Fact name={words.text('entry.reason')}>
          <Name>{words.capital(words.code('purpose', entry.purpose))}</Name>
        </Fact>
        <Fact name={words.text('entry.action')}>{words.capital(words.code('action', entry.action))}</Fact>
        {asked !== undefined && (
          <Fact name={words.text(entry.outcome === 'deny' ? 'entry.askedAt' : 'entry.leftAt')}>
            {formatMoment(words.tag, asked)}
          </Fact>
        )}
        <Fact name={words.text(entry.late ? 'entry.recordedAt' : 'entry.when')}>
          {formatMoment(words.tag, new Date(entry.at))}
        </Fact>
        <Fact name={words.text('entry.system')}>
          <Name>{clientId}</Name>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
