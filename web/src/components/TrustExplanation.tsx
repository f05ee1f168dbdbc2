// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { useMe } from '../lib/queries';
import { useWords } from '../words/context';

/** What "complete up to a position" means on the ledger that runs here, and what it does not cover. */
export function TrustExplanation({ block }: { readonly block: number }): ReactNode {
  const words = useWords();
  const { ledger } = useMe();
  return (
    <>
      <p>{words.text(ledger === 'shared' ? 'complete.explain' : 'complete.explainSingle', { block })}</p>
      <p>{words.text('complete.limit')}</p>
    </>
  );
}
