// SPDX-License-Identifier: Apache-2.0
import type { AccessItem } from '@api/schemas';
import type { ReactNode } from 'react';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { sensitiveLabels } from '../../lib/itemKinds';
import { hasLeft, isAgainstRules } from '../../lib/whatLeft';
import { useWords } from '../../words/context';

/** What was asked for: what of it was withheld, which is what a reader looks for, and what was released. */
export function ItemTable({ items }: { readonly items: readonly AccessItem[] }): ReactNode {
  const words = useWords();
  return (
    <section className="entry-items">
      <h2>{words.text('entry.what')}</h2>
      <ItemGroups items={items} />
      <RecordNumbers items={items} />
    </section>
  );
}

/** The items in two groups: what did not leave, and what did. */
export function ItemGroups({ items }: { readonly items: readonly AccessItem[] }): ReactNode {
  return [false, true].map((isLeft) => {
    const group = rowsOf(items.filter((item) => hasLeft(item) === isLeft));
    return group.length > 0 && <Items key={String(isLeft)} isLeft={isLeft} rows={group} />;
  });
}

interface Row extends Pick<AccessItem, 'type' | 'labels' | 'count' | 'ids'> {
  readonly further: number;
  readonly isAgainst: boolean;
}

/**
 * One row for each type with the same labels that left by the rules or against them, whichever rule decided
 * it and whichever part of the request recorded it.
 */
function rowsOf(items: readonly AccessItem[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const item of items) {
    const { type, labels, count, ids, further = 0 } = item;
    const isAgainst = isAgainstRules(item);
    const key = JSON.stringify([type, [...labels].sort(), isAgainst]);
    const row = rows.get(key) ?? { type, labels, count: 0, ids: [], further: 0, isAgainst };
    rows.set(key, {
      ...row,
      count: row.count + count,
      ids: [...row.ids, ...ids],
      further: row.further + further,
    });
  }
  return [...rows.values()];
}

function Items({ isLeft, rows }: { readonly isLeft: boolean; readonly rows: readonly Row[] }): ReactNode {
  const words = useWords();
  const kind = isLeft ? 'permit' : 'deny';
  return (
    <div className={`item-group item-group-${kind}`}>
      <h3 className="item-decision">
        <Mark kind={kind} />
        {words.text(isLeft ? 'entry.released' : 'entry.withheld')}
      </h3>
      <ul className="items">
        {rows.map((row, at) => (
          <li key={at} className="item">
            <ItemKind item={row}>
              {row.isAgainst && (
                <>
                  {' '}
                  <span className="badge badge-against">
                    <Mark kind="against" />
                    {words.text('note.against')}
                  </span>
                </>
              )}
            </ItemKind>
            <ItemCount row={row} isLeft={isLeft} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/**
 * Of what left, what this answer gave out and then what it did not; what was withheld was withheld as a
 * whole.
 */
function ItemCount({ row, isLeft }: { readonly row: Row; readonly isLeft: boolean }): ReactNode {
  const words = useWords();
  const { further } = row;
  const count = isLeft ? row.count : row.count + further;
  if (count === 0) {
    return (
      <span className="item-count">
        {further > 0 ? words.text('entry.furtherOnly', { count: further }) : words.text('entry.noneFound')}
      </span>
    );
  }
  return (
    <span className="item-count">
      {words.number(count)}
      {isLeft && further > 0 && (
        <span className="item-further"> {words.text('entry.further', { count: further })}</span>
      )}
    </span>
  );
}

interface ItemKindProps {
  readonly item: Pick<AccessItem, 'type' | 'labels'>;
  readonly children?: ReactNode;
}

function ItemKind({ item, children }: ItemKindProps): ReactNode {
  const words = useWords();
  const labels = sensitiveLabels(item.labels).map((label) => words.code('label', label));
  return (
    <span className="item-kind">
      <Name>{words.capital(words.code('type', item.type))}</Name>
      {labels.length > 0 && (
        <span className="item-labels"> {words.text('entry.sensitive', { labels: words.list(labels) })}</span>
      )}
      {children}
    </span>
  );
}

/** For those who ask the hospital about one document: what each is numbered there. */
function RecordNumbers({ items }: { readonly items: readonly AccessItem[] }): ReactNode {
  const words = useWords();
  const numbered = [
    ...rowsOf(items.filter((item) => !hasLeft(item))),
    ...rowsOf(items.filter(hasLeft)),
  ].filter(({ ids }) => ids.length > 0);
  if (numbered.length === 0) {
    return null;
  }
  return (
    <details className="item-ids">
      <summary>{words.text('entry.resourceIds')}</summary>
      <dl>
        {numbered.map((item, at) => (
          <div key={at}>
            <dt>
              <ItemKind item={item} />
            </dt>
            <dd className="code">
              <Name>{item.ids.join(', ')}</Name>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
