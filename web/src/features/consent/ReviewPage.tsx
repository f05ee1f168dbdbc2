// SPDX-License-Identifier: Apache-2.0
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { ErrorNotice } from '../../components/ErrorNotice';
import { ErrorPage } from '../../components/ErrorPage';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { saveConsent, type ConsentOnFile } from '../../lib/consentApi';
import { ApiError } from '../../lib/apiError';
import { setDraft, useDraft, type Draft } from '../../lib/draft';
import { draftArrangement, draftException } from '../../lib/draftChanges';
import { holdInEmergency, type BlockAtHand } from '../../lib/policy/addException';
import { policyDifference, type PolicyChange } from '../../lib/policy/policyDifference';
import { blockReach, restrictionsOf } from '../../lib/policy/restrictions';
import type { Blocked } from '../../lib/policy/standingBlock';
import { consentQuery } from '../../lib/consentQueries';
import { useMe } from '../../lib/queries';
import { setSessionState } from '../../lib/sessionState';
import { useWords } from '../../words/context';
import { ChangeList } from './ChangeList';
import { Conflict } from './Conflict';
import { KnownBlock } from './KnownBlock';
import { Preview } from './Preview';
import { Warning } from './Warning';

/**
 * What a draft would change, what it would have changed, what that may mean, and the button that saves it.
 */
export function ReviewPage(): ReactNode {
  const words = useWords();
  const onFile = useQuery({ ...consentQuery, refetchOnMount: 'always' });
  const draft = useDraft();
  const isBlocking = useBlockFromEntry(onFile.data);
  const title = words.text('review.title');
  if (onFile.data === undefined || isBlocking) {
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
      <AskedAgain onFile={onFile.data} />
      {draft === null ? <NothingToSave /> : <Review draft={draft} onFile={onFile.data} />}
    </Page>
  );
}

/** What an entry asked to block, where that is blocked already. */
function AskedAgain({ onFile }: { readonly onFile: ConsentOnFile }): ReactNode {
  const navigate = useNavigate();
  const draft = useDraft();
  const known = readKnown(useLocation().state);
  if (known === undefined) {
    return null;
  }
  return (
    <KnownBlock
      known={known}
      policy={draft?.policy ?? onFile.consent}
      onHold={() => {
        hold(onFile, known.id, true);
        void navigate('/consent/review', { replace: true, state: null });
      }}
    />
  );
}

function hold(onFile: ConsentOnFile, id: string, holds: boolean): void {
  draftArrangement(onFile, (now) => ({
    ...now,
    exceptions: holdInEmergency(now.exceptions, id, holds),
  }));
}

function NothingToSave(): ReactNode {
  const words = useWords();
  return (
    <>
      <p>{words.text('review.nothingToSave')}</p>
      <p className="actions">
        <Link className="button" to="/consent">
          {words.text('consent.title')}
        </Link>
      </p>
    </>
  );
}

interface ReviewProps {
  readonly draft: Draft;
  readonly onFile: ConsentOnFile;
}

function Review({ draft, onFile }: ReviewProps): ReactNode {
  const words = useWords();
  const changes = policyDifference(draft.base.consent, draft.policy);
  const isOutdated = onFile.consent.version > draft.base.consent.version;
  if (isOutdated && policyDifference(onFile.consent, draft.policy).length === 0) {
    return <SavedAlready version={onFile.consent.version} />;
  }
  if (isOutdated) {
    return <Conflict draft={draft} theirs={onFile} onDone={focusTitle} />;
  }
  if (changes.length === 0) {
    return <NothingToSave />;
  }
  return (
    <>
      <section>
        <h2>{words.text('review.changes')}</h2>
        <ChangeList
          changes={changes}
          after={draft.policy}
          holding={{
            hasChoice: (block) =>
              block.holdsInEmergency === true || blockReach(block, draft.policy) === 'opens',
            onChange: (id, holds) => {
              hold(onFile, id, holds);
            },
          }}
        />
      </section>
      <Preview policy={draft.policy} version={onFile.consent.version} changes={changes} />
      <SaveForm draft={draft} changes={changes} />
    </>
  );
}

/** What is on file says what the draft says: a save whose answer was lost did arrive. */
function SavedAlready({ version }: { readonly version: number }): ReactNode {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  useEffect(() => {
    setDraft(null);
    void queryClient.invalidateQueries({ queryKey: ['consent', 'history'] });
    void navigate('/consent', { state: { savedVersion: version } });
  }, [navigate, queryClient, version]);
  return null;
}

/** What was pressed goes away with its part of the page: reading starts again at the title. */
function focusTitle(): void {
  document.querySelector<HTMLElement>('h1')?.focus();
}

function SaveForm({
  draft,
  changes,
}: {
  readonly draft: Draft;
  readonly changes: readonly PolicyChange[];
}): ReactNode {
  const words = useWords();
  const { list } = useMe();
  const save = useSave(draft);
  const restrictions = restrictionsOf(changes, draft.policy);
  const warned = JSON.stringify(restrictions);
  // What was accepted: another warning is read again.
  const [accepted, setAccepted] = useState<string | null>(null);
  const isAccepted = accepted === warned;
  const [isAsked, setIsAsked] = useState(false);
  const needsWarning = restrictions.length > 0;
  const submit = (): void => {
    if (needsWarning && !isAccepted) {
      setIsAsked(true);
    } else if (!save.isPending) {
      save.mutate();
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {needsWarning && (
        <Warning
          restrictions={restrictions}
          policy={draft.policy}
          isAccepted={isAccepted}
          isAsked={isAsked && !isAccepted}
          onAccept={(isTicked) => {
            setAccepted(isTicked ? warned : null);
          }}
        />
      )}
      {(list.height === null || list.state === 'stale') && (
        <Notice kind="warning" title={words.text('review.awayTitle')} isLive>
          <p>{words.text('review.away')}</p>
        </Notice>
      )}
      {save.error !== null && !isHandledElsewhere(save.error) && <ErrorNotice error={save.error} />}
      <p className="actions">
        <Link className="button" to="/consent/edit">
          {words.text('review.backToEdit')}
        </Link>
        <button type="submit" className="button button-primary" aria-disabled={save.isPending}>
          {words.text(save.isPending ? 'review.saving' : 'review.save')}
        </button>
      </p>
    </form>
  );
}

/** A conflict and an ended session have pages of their own. */
function isHandledElsewhere(error: Error): boolean {
  return error instanceof ApiError && (error.isConflict || error.isSignedOut);
}

function useSave(draft: Draft) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { csrfToken } = useMe();
  return useMutation({
    mutationFn: () => saveConsent(draft.policy, draft.base.etag, csrfToken ?? ''),
    onSuccess: async (saved) => {
      setDraft(null);
      queryClient.setQueryData(consentQuery.queryKey, saved);
      await queryClient.invalidateQueries({ queryKey: ['consent', 'history'] });
      void navigate('/consent', { state: { savedVersion: saved.consent.version } });
    },
    onError: async (error) => {
      if (!(error instanceof ApiError)) {
        return;
      }
      if (error.isConflict) {
        await queryClient.invalidateQueries({ queryKey: consentQuery.queryKey, exact: true });
      }
      if (error.isSignedOut) {
        setSessionState('ended');
      }
    },
  });
}

/**
 * Turns "block this person" of an entry into a draft, once. What to block comes in the history's state, which
 * never leaves the browser. True until that is done.
 */
function useBlockFromEntry(onFile: ConsentOnFile | undefined): boolean {
  const navigate = useNavigate();
  const block = useMemoizedBlock(useLocation().state);
  useEffect(() => {
    if (onFile === undefined || block === undefined) {
      return;
    }
    const known = draftException(onFile, { effect: 'deny', ...block });
    const state = known && { known };
    void navigate('/consent/review', { replace: true, state: state ?? null });
  }, [onFile, block, navigate]);
  return block !== undefined;
}

/** The block that the history's state asks for; the same object as long as the state is the same. */
function useMemoizedBlock(state: unknown): Block | undefined {
  return useMemo(() => readBlock(state), [state]);
}

type Block = Blocked & { readonly holdsInEmergency?: true };

function readBlock(state: unknown): Block | undefined {
  if (typeof state !== 'object' || state === null || !('block' in state)) {
    return undefined;
  }
  const { block } = state;
  if (typeof block !== 'object' || block === null) {
    return undefined;
  }
  const holds = 'holdsInEmergency' in block && block.holdsInEmergency === true;
  const also = holds ? ({ holdsInEmergency: true } as const) : {};
  if ('user' in block && typeof block.user === 'string') {
    return { user: block.user, ...also };
  }
  return 'org' in block && typeof block.org === 'string' ? { org: block.org, ...also } : undefined;
}

/** What {@link useBlockFromEntry} left in the history's state. */
function readKnown(state: unknown): BlockAtHand | undefined {
  if (typeof state !== 'object' || state === null || !('known' in state)) {
    return undefined;
  }
  const { known } = state;
  if (typeof known !== 'object' || known === null || !('id' in known) || !('isStronger' in known)) {
    return undefined;
  }
  const { id, isStronger } = known;
  return typeof id === 'string' && typeof isStronger === 'boolean' ? { id, isStronger } : undefined;
}
