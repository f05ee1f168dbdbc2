// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useWords } from '../words/context';
import { Page } from './Page';

/** An address that leads nowhere. */
export function NotFound(): ReactNode {
  const words = useWords();
  const title = words.text('notFound.title');
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      <p>{words.text('notFound.text')}</p>
      <p>
        <Link className="button" to="/">
          {words.text('notFound.toList')}
        </Link>
      </p>
    </Page>
  );
}
