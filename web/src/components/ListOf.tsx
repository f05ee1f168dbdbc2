// SPDX-License-Identifier: Apache-2.0
import { Fragment, type ReactNode } from 'react';
import { useWords } from '../words/context';

/** "a, b and c" of elements. */
export function ListOf({ parts }: { readonly parts: readonly ReactNode[] }): ReactNode {
  const words = useWords();
  const places = parts.map((_part, at) => String(at));
  return new Intl.ListFormat(words.tag, { type: 'conjunction' })
    .formatToParts(places)
    .map(({ type, value }, at) => (
      <Fragment key={at}>{type === 'element' ? parts[Number(value)] : value}</Fragment>
    ));
}
