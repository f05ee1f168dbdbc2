// SPDX-License-Identifier: Apache-2.0
import { Fragment, type ReactNode } from 'react';
import type { KindCount } from '../lib/itemKinds';
import { useWords } from '../words/context';

const SHOWN = 3;

interface KindListProps {
  readonly kinds: readonly KindCount[];
  /** Show every kind instead of the largest few. */
  readonly isFull?: boolean;
  /** Leave out which data were withheld, where that stands beside the list. */
  readonly isPlain?: boolean;
}

/** "measurements and laboratory results, 12 · prescriptions, 3": what was asked for, withheld data marked as such. */
export function KindList({ kinds, isFull = false, isPlain = false }: KindListProps): ReactNode {
  const words = useWords();
  const shown = isFull ? kinds : kinds.slice(0, SHOWN);
  const rest = kinds.length - shown.length;
  return (
    <span className="kinds">
      {shown.map((kind, at) => (
        <Fragment key={`${kind.decision} ${kind.type}`}>
          {at > 0 && ' '}
          <span className="kind">
            {words.text(kind.count === 0 ? 'list.kind.none' : 'list.kind', {
              kind: at === 0 ? words.capital(words.code('type', kind.type)) : words.code('type', kind.type),
              count: kind.count,
            })}
            {kind.decision === 'deny' && !isPlain && (
              <span className="kind-withheld"> ({words.text('list.withheld')})</span>
            )}
          </span>
        </Fragment>
      ))}
      {rest > 0 && (
        <>
          {' '}
          <span className="kind">{words.text('list.moreKinds', { count: rest })}</span>
        </>
      )}
    </span>
  );
}
