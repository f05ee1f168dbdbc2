// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { useWords } from '../words/context';
import { ErrorNotice } from './ErrorNotice';
import { Page } from './Page';

interface ErrorPageProps {
  readonly error: Error;
  readonly onRetry?: () => void;
}

/** A page whose content could not be read. */
export function ErrorPage({ error, onRetry }: ErrorPageProps): ReactNode {
  const words = useWords();
  const title = words.text('error.title');
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      <ErrorNotice error={error} isTitled={false} {...(onRetry && { onRetry })} />
    </Page>
  );
}
