// SPDX-License-Identifier: Apache-2.0
import { Fragment, type ReactNode } from 'react';
import { ONE_WHOLE, type KindCount } from '../lib/itemKinds';
import { useWords, type Vocabulary } from '../words/context';

const SHOWN = 3;

interface KindListProps {
  readonly kinds: readonly KindCount[];
  /** Show every kind instead of the largest few. */
  readonly isFull?: boolean;
  /** Do not tell what was withheld from the rest, where that stands beside the list. */
  readonly isPlain?: boolean;
}

/**
 * "12 measurements and laboratory results · 8 more kinds of data · 3 withheld: bills and referrals": what
 * left, and then in one number all that did not, of whatever kinds.
 */
export function KindList({ kinds, isFull = false, isPlain = false }: KindListProps): ReactNode {
  const words = useWords();
  const given = isPlain ? kinds : kinds.filter((kind) => kind.given !== undefined || !isWithheld(kind));
  const withheld = isPlain ? [] : kinds.filter(isWithheld);
  const shown = isFull ? given : given.slice(0, SHOWN);
  const rest = given.length - shown.length;
  const parts = [
    ...shown.map((kind, at) => <Kind key={kind.type} kind={kind} isFirst={at === 0} isPlain={isPlain} />),
    ...(rest > 0 ? [words.text('list.moreKinds', { count: rest })] : []),
    ...(withheld.length > 0
      ? [
          <span key="withheld" className="kind-withheld">
            {withheldWords(words, withheld, isFull)}
          </span>,
        ]
      : []),
  ];
  return (
    <span className="kinds">
      {parts.map((part, at) => (
        <Fragment key={at}>
          {at > 0 && ' '}
          <span className="kind">{part}</span>
        </Fragment>
      ))}
    </span>
  );
}

function isWithheld({ withheld = 0 }: KindCount): boolean {
  return withheld > 0;
}

/** All that was withheld as one number, and of which kinds: what a reader looks for is never left out. */
function withheldWords(words: Vocabulary, kinds: readonly KindCount[], isFull: boolean): string {
  const numberOf = ({ withheld = 0 }: KindCount): number => withheld;
  const byNumber = [...kinds].sort((a, b) => numberOf(b) - numberOf(a));
  const shown = isFull ? byNumber : byNumber.slice(0, SHOWN);
  const rest = byNumber.length - shown.length;
  const total = kinds.reduce((sum, kind) => sum + numberOf(kind), 0);
  const isAtLeast = kinds.some((kind) => kind.isAtLeast);
  const names = shown.map((kind) => {
    const word = words.code('type', kind.type);
    return isFull && kinds.length > 1 ? counted(words, word, { ...kind, count: numberOf(kind) }) : word;
  });
  return words.text('list.withheldAll', {
    count: written(words, total, isAtLeast),
    kinds: words.list(rest > 0 ? [...names, words.text('list.moreKinds', { count: rest })] : names),
  });
}

interface Counted extends Pick<KindCount, 'type' | 'isAtLeast'> {
  readonly count: number;
}

/** "12 bills"; a number that is no more than the least has a "+". */
function counted(words: Vocabulary, kind: string, { type, count, isAtLeast }: Counted): string {
  if (count === 1 && type === ONE_WHOLE) {
    return kind;
  }
  // One that is no more than the least may be several: only a plain number chooses the form of one.
  return words.text('list.kind', { kind, count: isAtLeast ? written(words, count, true) : count });
}

function written(words: Vocabulary, count: number, isAtLeast: boolean): string {
  return words.number(count) + (isAtLeast ? '+' : '');
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
  const kind = words.code('type', type);
  const count = given ?? withheld ?? 0;
  const text = found();
  return (
    <>
      {isFirst ? words.capital(text) : text}
      {count > 0 && further > 0 && words.text('list.further', { count: further })}
      {given === undefined && withheld !== undefined && !isPlain && (
        <span className="kind-withheld"> ({words.text('list.withheld')})</span>
      )}
    </>
  );

  function found(): string {
    if (count > 0) {
      return counted(words, kind, { type, count, ...(isAtLeast && { isAtLeast }) });
    }
    return further > 0
      ? words.text('list.kind.further', { kind, count: further })
      : words.text('list.kind.none', { kind });
  }
}
