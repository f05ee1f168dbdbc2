// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { Link } from 'react-router';
import { useAnnounce } from '../../components/announce';
import { ErrorPage } from '../../components/ErrorPage';
import { Icon } from '../../components/Icon';
import { Page } from '../../components/Page';
import type { ConsentOnFile } from '../../lib/consentApi';
import { getOpenRule, setDraft, setOpenRule, useDraft, type Draft, type OpenRule } from '../../lib/draft';
import { draftArrangement, draftException } from '../../lib/draftChanges';
import { CHOICES, readArrangement } from '../../lib/policy/arrangement';
import { changeException, holdInEmergency, type BlockAtHand } from '../../lib/policy/addException';
import { moveRule, type RuleDraft } from '../../lib/policy/placeRule';
import { policyDifference } from '../../lib/policy/policyDifference';
import { consentQuery } from '../../lib/consentQueries';
import { useWords } from '../../words/context';
import { RuleMark, RuleState } from './ArrangementWords';
import { KnownBlock } from './KnownBlock';
import { LabelNotes } from './LabelNotes';
import { RuleDialog } from './exception/RuleDialog';
import { RuleWords } from './RuleWords';

/** Changes the consent in words. Nothing is saved here: the next page shows what it would mean. */
export function EditPage(): ReactNode {
  const words = useWords();
  const onFile = useQuery(consentQuery);
  const title = words.text('edit.title');
  if (onFile.data === undefined) {
    if (onFile.error !== null) {
      return <ErrorPage error={onFile.error} onRetry={() => void onFile.refetch()} />;
    }
    return (
      <p className="waiting" role="status">
        {words.text('app.loading')}
      </p>
    );
  }
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      <PresetChoice onFile={onFile.data} />
      <Exceptions onFile={onFile.data} />
      <DraftBar />
    </Page>
  );
}

interface OnFileProps {
  readonly onFile: ConsentOnFile;
}

function PresetChoice({ onFile }: OnFileProps): ReactNode {
  const words = useWords();
  const name = useId();
  const draft = useDraft();
  const { preset } = readArrangement(draft?.policy ?? onFile.consent);
  // The others are shown where they hold, and not offered: nobody asks for "open to everybody" by accident.
  const isOffered = CHOICES.some((choice) => choice === preset);
  const offered = isOffered ? CHOICES : [preset, ...CHOICES];
  return (
    <fieldset className="presets">
      <legend>
        <h2>{words.text('edit.general')}</h2>
      </legend>
      {offered.map((choice) => (
        <label key={choice} className="preset">
          <input
            type="radio"
            name={name}
            checked={choice === preset}
            onChange={() => {
              draftArrangement(onFile, (now) => ({ ...now, preset: choice }));
            }}
          />
          <span className="preset-words">
            <span className="preset-name">{words.text(`preset.${choice}`)}</span>
            <span>{words.text(`preset.${choice}.text`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Exceptions({ onFile }: OnFileProps): ReactNode {
  const words = useWords();
  const announce = useAnnounce();
  const heading = useRef<HTMLHeadingElement>(null);
  const draft = useDraft();
  const [edited, setEdited] = useState(findOpenRule);
  const [known, setKnown] = useState<BlockAtHand | null>(null);
  const { exceptions } = readArrangement(draft?.policy ?? onFile.consent);
  const change = (to: (rules: readonly ConsentRule[]) => readonly ConsentRule[]): void => {
    draftArrangement(onFile, (now) => ({ ...now, exceptions: to(now.exceptions) }));
  };
  const close = (): void => {
    setOpenRule(null);
    setEdited(null);
  };
  const addOrChange = (rule: RuleDraft): void => {
    const id = edited?.id;
    if (typeof id === 'string' && exceptions.some((old) => old.id === id)) {
      change((rules) => changeException(rules, { ...rule, id }));
    } else {
      setKnown(draftException(onFile, rule) ?? null);
    }
  };
  const remove = (id: string): void => {
    change((rules) => rules.filter((rule) => rule.id !== id));
    announce(words.text('edit.removed'));
    heading.current?.focus();
  };
  const move = (at: number, by: -1 | 1): void => {
    change((rules) => moveRule(rules, at, by));
    announce(words.text('edit.moved', { place: at + by + 1, count: exceptions.length }));
  };
  return (
    <section className="exceptions">
      <h2 ref={heading} tabIndex={-1}>
        {words.text('consent.exceptions')}
      </h2>
      <p className="small">
        {words.text(exceptions.length === 0 ? 'consent.noExceptions' : 'consent.exceptionsHint')}
      </p>
      <ol className="rules rules-edit">
        {exceptions.map((rule, at) => (
          <li key={rule.id} className={`rule rule-${rule.effect}`}>
            <RuleMark rule={rule} />
            <span id={`words-${rule.id}`}>
              <RuleWords rule={rule} among={exceptions} />
              <LabelNotes rule={rule} />
              <RuleState rule={rule} />
            </span>
            <span className="rule-buttons">
              {exceptions.length > 1 && (
                <>
                  <RuleButton
                    rule={rule}
                    label={words.text('edit.up')}
                    icon="up"
                    isOff={at === 0}
                    onPress={() => {
                      move(at, -1);
                    }}
                  />
                  <RuleButton
                    rule={rule}
                    label={words.text('edit.down')}
                    icon="down"
                    isOff={at === exceptions.length - 1}
                    onPress={() => {
                      move(at, 1);
                    }}
                  />
                </>
              )}
              <RuleButton
                rule={rule}
                label={words.text('edit.edit')}
                onPress={() => {
                  setEdited({ id: rule.id });
                }}
              />
              <RuleButton
                rule={rule}
                label={words.text('edit.remove')}
                onPress={() => {
                  remove(rule.id);
                }}
              />
            </span>
          </li>
        ))}
      </ol>
      {known !== null && (
        <KnownBlock
          known={known}
          policy={draft?.policy ?? onFile.consent}
          onHold={() => {
            change((rules) => holdInEmergency(rules, known.id, true));
            setKnown(null);
            heading.current?.focus();
          }}
        />
      )}
      <button
        type="button"
        className="button"
        onClick={() => {
          setKnown(null);
          setEdited({ id: null });
        }}
      >
        {words.text('edit.add')}
      </button>
      {edited !== null && (
        <RuleDialog
          rule={exceptions.find(({ id }) => id === edited.id)}
          begun={edited.form}
          onClose={close}
          onDone={(rule) => {
            addOrChange(rule);
            close();
          }}
        />
      )}
    </section>
  );
}

/**
 * The exception whose dialog is open: null for a new one; with what was filled in before the page was left.
 */
interface EditedRule {
  readonly id: string | null;
  readonly form?: OpenRule['form'];
}

/** The dialog that was open when a session ended or the page was left. */
function findOpenRule(): EditedRule | null {
  return getOpenRule();
}

interface RuleButtonProps {
  readonly rule: ConsentRule;
  readonly label: string;
  readonly icon?: 'up' | 'down';
  readonly isOff?: boolean;
  readonly onPress: () => void;
}

/**
 * A button of a rule, named with the rule's words for those who do not see it beside them. It stays in the
 * tab order when it is off.
 */
function RuleButton({ rule, label, icon, isOff = false, onPress }: RuleButtonProps): ReactNode {
  const id = useId();
  return (
    <button
      type="button"
      id={id}
      className={`button button-small ${icon === undefined ? '' : 'button-icon'}`}
      aria-label={label}
      aria-describedby={`words-${rule.id}`}
      aria-disabled={isOff}
      title={label}
      onClick={() => {
        if (!isOff) {
          onPress();
        }
      }}
    >
      {icon === undefined ? label : <Icon name={icon} />}
    </button>
  );
}

function DraftBar(): ReactNode {
  const words = useWords();
  const draft = useDraft();
  const [discarded, setDiscarded] = useState<Draft | null>(null);
  const isBroughtBack = useRef(false);
  useEffect(() => {
    if (draft !== null) {
      setDiscarded(null);
    }
  }, [draft]);
  const changes = draft === null ? 0 : policyDifference(draft.base.consent, draft.policy).length;
  return (
    <div className={draft === null ? 'draft-bar draft-bar-empty' : 'draft-bar'}>
      <p role="status">
        {draft !== null
          ? words.text('edit.changes', { count: changes })
          : words.text(discarded === null ? 'edit.unchanged' : 'edit.discarded')}
      </p>
      {draft === null && discarded !== null && (
        <button
          type="button"
          className="button"
          // What was pressed is gone: the way back stands in its place.
          autoFocus
          onClick={() => {
            isBroughtBack.current = true;
            setDraft(discarded);
          }}
        >
          {words.text('edit.bringBack')}
        </button>
      )}
      {draft !== null && (
        <p className="actions">
          <button
            type="button"
            className="button button-quiet"
            onClick={() => {
              setDiscarded(draft);
              setDraft(null);
            }}
          >
            {words.text('edit.discard')}
          </button>
          <Link
            className="button button-primary"
            to="/consent/review"
            ref={(link) => {
              if (link !== null && isBroughtBack.current) {
                link.focus();
              }
              isBroughtBack.current = false;
            }}
          >
            {words.text('edit.review')}
          </Link>
        </p>
      )}
    </div>
  );
}
