// SPDX-License-Identifier: Apache-2.0
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';
import { Page } from '../../components/Page';
import { tellOtherTabs } from '../../lib/sessionState';
import { useWords } from '../../words/context';

/** Where a sign-in in a second tab ends: it tells the first tab to go on. */
export function SignedInPage(): ReactNode {
  const words = useWords();
  useEffect(() => {
    tellOtherTabs('signedIn');
  }, []);
  const title = words.text('signIn.back.title');
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      <p>{words.text('signIn.back')}</p>
      <p>
        <Link className="button" to="/">
          {words.text('signIn.back.go')}
        </Link>
      </p>
    </Page>
  );
}
