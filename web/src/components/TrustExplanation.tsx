// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { useWords } from '../words/context';

/** What "complete up to a position" means, and what it does not cover. */
export function TrustExplanation({ block }: { readonly block: number }): ReactNode {
  const words = useWords();
  return (
    <>
      <p>{words.text('complete.explain', { block })}</p>
      <p>{words.text('complete.limit')}</p>
    </>
  );
}
