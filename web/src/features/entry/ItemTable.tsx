// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';
import type { ReactNode } from 'react';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { sensitiveLabels } from '../../lib/itemKinds';
import { useWords } from '../../words/context';

/** What was asked for, and what of it was released or withheld. */
export function ItemTable({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  return (
    <section className="entry-items">
      <h2>{words.text('entry.what')}</h2>
      <ul className="items">
        {withheldFirst(entry.items).map((item, at) => (
          <Item key={at} item={item} />
        ))}
      </ul>
    </section>
  );
}

/** What was withheld is what a reader looks for. */
function withheldFirst(items: readonly AccessItem[]): readonly AccessItem[] {
  return items.toSorted((a, b) => a.decision.localeCompare(b.decision, 'en'));
}

function Item({ item }: { readonly item: AccessItem }): ReactNode {
  const words = useWords();
  const labels = sensitiveLabels(item.labels).map((label) => words.code('label', label));
  return (
    <li className={`item item-${item.decision}`}>
      <span className="item-decision">
        <Mark kind={item.decision} />
        {words.text(item.decision === 'permit' ? 'entry.released' : 'entry.withheld')}
      </span>
      <span className="item-text">
        <span className="item-kind">
          <Name>{words.capital(words.code('type', item.type))}</Name>
          {labels.length > 0 && (
            <span className="item-labels">
              {' '}
              {words.text('entry.sensitive', { labels: words.list(labels) })}
            </span>
          )}
        </span>
        {item.ids.length > 0 && (
          <details className="item-ids">
            <summary>{words.text('entry.resourceIds', { count: item.ids.length })}</summary>
            <Name>{item.ids.join(', ')}</Name>
          </details>
        )}
      </span>
      <span className="item-count">
        {item.count === 0 ? words.text('entry.noneFound') : words.number(item.count)}
      </span>
    </li>
  );
}
