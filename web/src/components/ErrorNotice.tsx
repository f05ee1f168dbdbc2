// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { ApiError } from '../lib/apiError';
import { useWords } from '../words/context';
import { Notice } from './Notice';

interface ErrorNoticeProps {
  readonly error: Error;
  readonly onRetry?: () => void;
  /** False where the page's own title says it already. */
  readonly isTitled?: boolean;
}

/** Says in words what went wrong with a request, what to do, and what to quote. */
export function ErrorNotice({ error, onRetry, isTitled = true }: ErrorNoticeProps): ReactNode {
  const words = useWords();
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Notice kind="danger" {...(isTitled && { title: words.text('error.title') })} isLive>
      <p>{useErrorText(error)}</p>
      {requestId !== null && <p className="small">{words.text('error.requestId', { id: requestId })}</p>}
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          {words.text('app.retry')}
        </button>
      )}
    </Notice>
  );
}

/** The sentence for an error. */
export function useErrorText(error: Error | null): string {
  const words = useWords();
  if (!(error instanceof ApiError)) {
    return words.text('problem.INTERNAL');
  }
  if (error.code === 'UNREACHABLE') {
    return words.text('error.unreachable');
  }
  return words.findCode('problem', error.code) ?? words.text('error.unreadable');
}
