// SPDX-License-Identifier: Apache-2.0
import { useEffect, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { signInPath } from '../../lib/sessionState';
import { useWords } from '../../words/context';

/** What somebody sees who is not signed in: what this is, and the way in. */
export function SignInPage(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  useEffect(() => {
    document.title = words.text('app.name');
  }, [words]);
  return (
    <div className="page welcome">
      <h1>{words.text('signIn.title')}</h1>
      <p className="lead">{words.text('signIn.lead')}</p>
      <p>
        <a className="button button-primary button-large" href={signInPath(pathname)}>
          {words.text('signIn.action')}
        </a>
      </p>
      <ul className="promises">
        {([1, 2, 3] as const).map((point) => (
          <li key={point}>
            <h2>{words.text(`signIn.point${point}.title`)}</h2>
            <p>{words.text(`signIn.point${point}.text`)}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}
