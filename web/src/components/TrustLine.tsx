// SPDX-License-Identifier: Apache-2.0
import type { ListPosition, Me } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { dayKey, formatMoment, formatTime } from '../lib/dates';
import { latePart } from '../lib/latePart';
import { nameOfOrganisation } from '../lib/organisationNames';
import { meQuery, useMe } from '../lib/queries';
import { safeName } from '../lib/safeName';
import { useWords, type Vocabulary } from '../words/context';
import { needAllWords } from '../words/loadWords';
import { Notice } from './Notice';
import { PartBoundary } from './PartBoundary';

const TrustExplanation = latePart(async () => {
  const [module] = await Promise.all([import('./TrustExplanation'), needAllWords()]);
  return module.TrustExplanation;
});

/**
 * Says how far the list is complete, when that was checked, and what it means. A list that is behind or
 * broken says so loudly.
 */
export function TrustLine(): ReactNode {
  const words = useWords();
  const me = useMe();
  const { list } = me;
  const { error } = useQuery({ ...meQuery, enabled: false });
  const sentence = trustSentence(words, me);
  const explanation = <Explanation block={list.block ?? 0} />;
  const { state } = list;
  if (!isSound(state)) {
    return (
      <Notice
        kind={state === 'halted' ? 'danger' : 'warning'}
        title={words.text(`trust.${state}.title`)}
        isLive
      >
        <p>{sentence}</p>
        {explanation}
      </Notice>
    );
  }
  return (
    <div className={`trust trust-${error === null ? state : 'unchecked'}`}>
      <p>{sentence}</p>
      {explanation}
    </div>
  );
}

function Explanation({ block }: { readonly block: number }): ReactNode {
  const words = useWords();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details
      className="trust-more"
      onToggle={(event) => {
        setIsOpen(event.currentTarget.open);
      }}
    >
      <summary>{words.text('trust.more')}</summary>
      {isOpen && (
        <PartBoundary>
          <TrustExplanation block={block} />
        </PartBoundary>
      )}
    </details>
  );
}

function isToday(moment: string | null): boolean {
  return moment !== null && dayKey(new Date(moment)) === dayKey(new Date());
}

function whenChecked(
  words: Vocabulary,
  { checkedAt }: ListPosition,
  format: (tag: string, date: Date) => string,
): string {
  return checkedAt === null ? words.text('trust.never') : format(words.tag, new Date(checkedAt));
}

/** Whether nothing is missing but what the ledger does not have yet. */
export function isSound(state: ListPosition['state']): state is 'live' | 'catchingUp' {
  return state === 'live' || state === 'catchingUp';
}

/** Which hospitals' accesses may be missing, and since when. */
function missingFrom(words: Vocabulary, { list, organisations }: Pick<Me, 'list' | 'organisations'>) {
  const missing = list.missing ?? [];
  const since = missing.map((gap) => gap.since).sort()[0];
  const names = missing.map(({ holder }) => nameOfOrganisation(words, organisations, holder));
  return {
    holders: words.list(names.map(safeName)),
    moment: since === undefined ? words.text('trust.never') : formatMoment(words.tag, new Date(since)),
  };
}

export function trustSentence(words: Vocabulary, me: Pick<Me, 'list' | 'organisations'>): string {
  const { list } = me;
  const block = list.block ?? 0;
  switch (list.state) {
    case 'live':
      return words.text(list.block === null ? 'trust.empty' : 'trust.live', {
        block,
        time: whenChecked(words, list, isToday(list.checkedAt) ? formatTime : formatMoment),
      });
    case 'catchingUp':
      return words.text('trust.catchingUp', { block, height: Math.max(block, (list.height ?? 1) - 1) });
    case 'incomplete':
      return words.text('trust.incomplete', { block, ...missingFrom(words, me) });
    case 'stale':
      if (list.block === null) {
        return words.text('trust.staleAtStart');
      }
      return words.text('trust.stale', { block, moment: whenChecked(words, list, formatMoment) });
    case 'halted':
      return words.text(list.block === null ? 'trust.haltedAtStart' : 'trust.halted', { block });
  }
}
