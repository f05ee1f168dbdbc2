// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { RuleSentence } from '../../components/RuleSentence';
import type { ConsentOnFile } from '../../lib/consentApi';
import { setDraft, type Draft } from '../../lib/draft';
import { rebaseDraft } from '../../lib/draftChanges';
import { mergePolicies, type KnownThere } from '../../lib/policy/mergePolicies';
import { policyDifference } from '../../lib/policy/policyDifference';
import { useWords } from '../../words/context';
import { ChangeList } from './ChangeList';

interface ConflictProps {
  readonly draft: Draft;
  /** What was saved elsewhere since the draft was begun. */
  readonly theirs: ConsentOnFile;
  /** Called when the draft stands on what was saved elsewhere, before this part goes. */
  readonly onDone: () => void;
}

/**
 * The consent was changed elsewhere while it was being changed here: shows both changes and lets the patient
 * decide.
 */
export function Conflict({ draft, theirs, onDone }: ConflictProps): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  const merge = mergePolicies(draft.base.consent, draft.policy, theirs.consent);
  return (
    <section className="notice notice-warning conflict">
      <h2 ref={heading} tabIndex={-1}>
        {words.text('conflict.title')}
      </h2>
      <p>{words.text('conflict.text', { version: theirs.consent.version })}</p>
      <h3>{words.text('conflict.theirs')}</h3>
      <ChangeList changes={policyDifference(draft.base.consent, theirs.consent)} after={theirs.consent} />
      <h3>{words.text('conflict.mine')}</h3>
      <ChangeList changes={policyDifference(draft.base.consent, draft.policy)} after={draft.policy} />
      {merge.clashes.length > 0 && <Clashes draft={draft} clashes={merge.clashes} />}
      {merge.known.length > 0 && <Known known={merge.known} />}
      <ul className="choices">
        <Choice
          label={words.text('conflict.merge')}
          hint={words.text('conflict.mergeHint')}
          isMain
          onPress={() => {
            rebaseDraft(theirs, merge.policy);
            const [first] = merge.known;
            // The review says by which rule it is blocked already.
            if (first !== undefined) {
              void navigate('/consent/review', { replace: true, state: { known: first.by } });
            }
            onDone();
          }}
        />
        <Choice
          label={words.text('conflict.replace')}
          hint={words.text('conflict.replaceHint')}
          onPress={() => {
            rebaseDraft(theirs, draft.policy);
            onDone();
          }}
        />
        <Choice
          label={words.text('conflict.discard')}
          hint={words.text('conflict.discardHint')}
          onPress={() => {
            setDraft(null);
            void navigate('/consent');
          }}
        />
      </ul>
    </section>
  );
}

function Clashes({
  draft,
  clashes,
}: {
  readonly draft: Draft;
  readonly clashes: readonly string[];
}): ReactNode {
  const words = useWords();
  const rules = new Map(
    [...draft.base.consent.rules, ...draft.policy.rules].map((rule) => [rule.id, rule] as const),
  );
  return (
    <>
      <p>{words.text('conflict.clash', { count: clashes.length })}</p>
      <ul>
        {clashes.map((id) => {
          const rule = rules.get(id);
          return (
            <li key={id}>
              {rule === undefined ? words.text('conflict.setting') : <RuleSentence rule={rule} />}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Known({ known }: { readonly known: readonly KnownThere[] }): ReactNode {
  const words = useWords();
  return (
    <>
      <p>{words.text('conflict.known', { count: known.length })}</p>
      <ul>
        {known.map(({ mine }) => (
          <li key={mine.id}>
            <RuleSentence rule={mine} />
          </li>
        ))}
      </ul>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly hint: string;
  readonly isMain?: boolean;
  readonly onPress: () => void;
}

function Choice({ label, hint, isMain = false, onPress }: ChoiceProps): ReactNode {
  return (
    <li>
      <button type="button" className={isMain ? 'button button-primary' : 'button'} onClick={onPress}>
        {label}
      </button>
      <span className="small">{hint}</span>
    </li>
  );
}
