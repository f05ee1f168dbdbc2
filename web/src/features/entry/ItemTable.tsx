// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';
import type { ReactNode } from 'react';
import { Mark } from '../../components/Mark';
import { Name } from '../../components/Name';
import { sensitiveLabels } from '../../lib/itemKinds';
import { useWords } from '../../words/context';

/** What was asked for: what of it was withheld, which is what a reader looks for, and what was released. */
export function ItemTable({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  return (
    <section className="entry-items">
      <h2>{words.text('entry.what')}</h2>
      {(['deny', 'permit'] as const).map((decision) => {
        const items = entry.items.filter((item) => item.decision === decision);
        return items.length > 0 && <Items key={decision} decision={decision} items={items} />;
      })}
      <RecordNumbers items={entry.items} />
    </section>
  );
}

interface ItemsProps {
  readonly decision: AccessItem['decision'];
  readonly items: readonly AccessItem[];
}

function Items({ decision, items }: ItemsProps): ReactNode {
  const words = useWords();
  return (
    <div className={`item-group item-group-${decision}`}>
      <h3 className="item-decision">
        <Mark kind={decision} />
        {words.text(decision === 'permit' ? 'entry.released' : 'entry.withheld')}
      </h3>
      <ul className="items">
        {items.map((item, at) => (
          <li key={at} className="item">
            <ItemKind item={item} />
            <span className="item-count">
              {item.count === 0 ? words.text('entry.noneFound') : words.number(item.count)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ItemKind({ item }: { readonly item: AccessItem }): ReactNode {
  const words = useWords();
  const labels = sensitiveLabels(item.labels).map((label) => words.code('label', label));
  return (
    <span className="item-kind">
      <Name>{words.capital(words.code('type', item.type))}</Name>
      {labels.length > 0 && (
        <span className="item-labels"> {words.text('entry.sensitive', { labels: words.list(labels) })}</span>
      )}
    </span>
  );
}

/** For those who ask the hospital about one document: what each is numbered there. */
function RecordNumbers({ items }: { readonly items: readonly AccessItem[] }): ReactNode {
  const words = useWords();
  const numbered = items.filter(({ ids }) => ids.length > 0);
  if (numbered.length === 0) return null;
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
