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

/**
 * "Measurements and laboratory results, 12 · bills, 3, and 1 withheld": what left and what did not, told as
 * such.
 */
export function KindList({ kinds, isFull = false, isPlain = false }: KindListProps): ReactNode {
  const words = useWords();
  const shown = isFull ? kinds : kinds.slice(0, SHOWN);
  const rest = kinds.length - shown.length;
  return (
    <span className="kinds">
      {shown.map((kind, at) => (
        <Fragment key={kind.type}>
          {at > 0 && ' '}
          <span className="kind">
            <Kind kind={kind} isFirst={at === 0} isPlain={isPlain} />
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

interface KindProps {
  readonly kind: KindCount;
  readonly isFirst: boolean;
  readonly isPlain: boolean;
}

function Kind({
  kind: { type, given, withheld, further = 0, isAtLeast },
  isFirst,
  isPlain,
}: KindProps): ReactNode {
  const words = useWords();
  const word = words.code('type', type);
  const kind = isFirst ? words.capital(word) : word;
  const written = (count: number): string => words.number(count) + (isAtLeast ? '+' : '');
  const count = given ?? withheld ?? 0;
  const found = (): string => {
    if (given !== undefined && withheld !== undefined) {
      return words.text('list.kind.both', { kind, count: written(given), withheld: written(withheld) });
    }
    if (count > 0) {
      return words.text('list.kind', { kind, count: written(count) });
    }
    return further > 0
      ? words.text('list.kind.further', { kind, count: further })
      : words.text('list.kind.none', { kind });
  };
  return (
    <>
      {found()}
      {count > 0 && further > 0 && words.text('list.further', { count: further })}
      {given === undefined && !isPlain && (
        <span className="kind-withheld"> ({words.text('list.withheld')})</span>
      )}
    </>
  );
}
