// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Name } from '../../components/Name';
import { useOrganisationName } from '../../lib/queries';
import { useWords } from '../../words/context';
import type { Split, WeekCounts } from './weekCounts';

export interface CountsProps {
  readonly counts: WeekCounts;
  readonly split: Split;
}

export interface SeriesProps {
  readonly value: string | null;
  readonly split: Split;
}

/** What a colour of the chart, or a column of its table, stands for. */
export function SeriesName({ value, split }: SeriesProps): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  if (value === null) {
    return words.text('chart.other');
  }
  return split === 'organisation' ? (
    <Name isShort>{organisationName(value)}</Name>
  ) : (
    <Name>{words.code('purpose', value)}</Name>
  );
}
