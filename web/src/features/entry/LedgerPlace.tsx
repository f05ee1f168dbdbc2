// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { ReactNode } from 'react';
import { useWords } from '../../words/context';

/** Where the ledger holds the entry. */
export function LedgerPlace({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { lane, seq, index, block, transactionId } = entry.ledger;
  const facts = [
    [words.text('entry.ledger.lane'), lane],
    [words.text('entry.ledger.position'), words.text('entry.ledger.positionValue', { seq, index })],
    [words.text('entry.ledger.block'), words.number(block)],
    [words.text('entry.ledger.transaction'), transactionId],
    [words.text('entry.ledger.id'), entry.id],
  ] as const;
  return (
    <details className="ledger-place">
      <summary>{words.text('entry.ledger')}</summary>
      <p>{words.text('entry.ledger.text')}</p>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd className="code">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
