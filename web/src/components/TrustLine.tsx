// SPDX-License-Identifier: Apache-2.0
import type { ListPosition } from '@api/schemas';
import type { ReactNode } from 'react';
import { formatMoment, formatTime } from '../lib/dates';
import { useMe } from '../lib/queries';
import { useWords, type Vocabulary } from '../words/context';
import { Notice } from './Notice';

/** Says how far the list is complete, when that was checked, and what it means. A list that is behind or broken says so loudly. */
export function TrustLine(): ReactNode {
  const words = useWords();
  const { list } = useMe();
  const sentence = trustSentence(words, list);
  const explanation = (
    <details className="trust-more">
      <summary>{words.text('trust.more')}</summary>
      <p>{words.text('trust.explain', { block: list.block ?? 0 })}</p>
      <p>{words.text('trust.limit')}</p>
    </details>
  );
  if (list.state === 'stale' || list.state === 'halted') {
    return (
      <Notice kind={list.state === 'halted' ? 'danger' : 'warning'} isLive>
        <p>{sentence}</p>
        {explanation}
      </Notice>
    );
  }
  return (
    <div className={`trust trust-${list.state}`}>
      <p>{sentence}</p>
      {explanation}
    </div>
  );
}

export function trustSentence(words: Vocabulary, list: ListPosition): string {
  const checkedAt = list.checkedAt === null ? null : new Date(list.checkedAt);
  const block = list.block ?? 0;
  switch (list.state) {
    case 'live': {
      const time = checkedAt === null ? words.text('trust.never') : formatTime(words.tag, checkedAt);
      return words.text(list.block === null ? 'trust.empty' : 'trust.live', { block, time });
    }
    case 'catchingUp':
      return words.text('trust.catchingUp', { block, height: Math.max(block, (list.height ?? 1) - 1) });
    case 'stale':
      return words.text('trust.stale', {
        block,
        moment: checkedAt === null ? words.text('trust.never') : formatMoment(words.tag, checkedAt),
      });
    case 'halted':
      return words.text('trust.halted', { block });
  }
}
