// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, LedgerPlace as Place } from '@api/schemas';
import type { ReactNode } from 'react';
import { useWords } from '../../words/context';
import { EntryLink } from './HowRecorded';

/** Where the ledger holds the entry; where it holds it in parts, each of them. */
export function LedgerPlace({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { parts } = entry;
  return (
    <details className="ledger-place">
      <summary>{words.text('entry.ledger')}</summary>
      <p>{words.text('entry.ledger.text')}</p>
      {parts === undefined ? (
        <PlaceFacts id={entry.id} place={entry.ledger} />
      ) : (
        <>
          <p>{words.text('entry.parts.text', { of: parts.of })}</p>
          {parts.recorded.map(({ number, id, ledger }) => (
            <section key={number} className="ledger-part">
              <h3>{words.text('entry.parts.one', { number, of: parts.of })}</h3>
              <PlaceFacts id={id} place={ledger} />
              {id !== entry.id && (
                <p>
                  <EntryLink id={id}>{words.text('entry.parts.see')}</EntryLink>
                </p>
              )}
            </section>
          ))}
        </>
      )}
    </details>
  );
}

function PlaceFacts({ id, place }: { readonly id: string; readonly place: Place }): ReactNode {
  const words = useWords();
  const { lane, seq, index, block, transactionId } = place;
  const facts = [
    [words.text('entry.ledger.lane'), lane],
    [words.text('entry.ledger.position'), words.text('entry.ledger.positionValue', { seq, index })],
    [words.text('entry.ledger.block'), words.number(block)],
    [words.text('entry.ledger.transaction'), transactionId],
    [words.text('entry.ledger.id'), id],
  ] as const;
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd className="code">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
