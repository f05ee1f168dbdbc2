// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import type { AccessFilter } from '../../lib/accessFilter';
import { useFilterParts } from '../../lib/filterParts';
import { Text } from '../../words/context';

/** A filter in words: "Person: …, from: …". */
export function FilterWords({ filter }: { readonly filter: AccessFilter }): ReactNode {
  return (
    <span className="filter-words">
      {useFilterParts(filter).map(({ member, name, value }) => (
        <span key={member} className="filter-word">
          {value === undefined ? (
            name
          ) : (
            <Text k="print.word" values={{ name, value: <Name>{value}</Name> }} />
          )}
        </span>
      ))}
    </span>
  );
}
