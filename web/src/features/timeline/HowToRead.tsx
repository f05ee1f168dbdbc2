// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { Mark } from '../../components/Mark';
import { useWords } from '../../words/context';
import '../../styles/listLater.css';

/**
 * What the shapes and words of the list mean. Always in the same place: nothing to click away, nothing to
 * come back to.
 */
export function HowToRead(): ReactNode {
  const words = useWords();
  return (
    <>
      <ul className="how-list">
        <li>
          <Mark kind="permit" /> {words.text('how.allowed')}
        </li>
        <li>
          <Mark kind="partial" /> {words.text('how.partial')}
        </li>
        <li>
          <Mark kind="deny" /> {words.text('how.refused')}
        </li>
        <li>
          <Mark kind="emergency" /> {words.text('how.emergency')}
        </li>
        <li>
          <Mark kind="against" /> {words.text('how.against')}
        </li>
        <li>
          <Icon name="night" /> {words.text('how.afterHours')}
        </li>
        <li>
          <Icon name="system" /> {words.text('how.automatic')}
        </li>
      </ul>
      <p>{words.text('how.late')}</p>
      <p>
        {words.text('list.act')} {words.text('how.visit')}
      </p>
    </>
  );
}
