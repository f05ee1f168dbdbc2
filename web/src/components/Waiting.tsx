// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { useWords } from '../words/context';

/** Stands where a page or a part is on its way. */
export function Waiting(): ReactNode {
  const words = useWords();
  return (
    <p className="waiting" role="status">
      {words.text('app.loading')}
    </p>
  );
}
