// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { Mark } from '../../components/Mark';
import { useWords } from '../../words/context';

/** What the shapes and words of the list mean. Always in the same place: nothing to click away, nothing to come back to. */
export function HowToRead(): ReactNode {
  const words = useWords();
  return (
    <>
      <ul className="how-list">
        <li>
          <Mark kind="permit" /> {words.text('list.how.allowed')}
        </li>
        <li>
          <Mark kind="partial" /> {words.text('list.how.partial')}
        </li>
        <li>
          <Mark kind="deny" /> {words.text('list.how.refused')}
        </li>
        <li>
          <Mark kind="emergency" /> {words.text('list.how.emergency')}
        </li>
        <li>
          <Icon name="night" /> {words.text('list.how.afterHours')}
        </li>
        <li>
          <Icon name="system" /> {words.text('list.how.automatic')}
        </li>
      </ul>
      <p>{words.text('list.how.visit')}</p>
    </>
  );
}
