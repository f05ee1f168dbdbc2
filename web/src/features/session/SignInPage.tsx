// SPDX-License-Identifier: Apache-2.0
import { useEffect, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { Mark } from '../../components/Mark';
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
      <div className="welcome-top">
        <div className="welcome-words">
          <h1>{words.text('signIn.title')}</h1>
          <p className="lead">{words.text('signIn.lead')}</p>
          <p>
            <a className="button button-primary button-large" href={signInPath(pathname, words.tag)}>
              {words.text('signIn.action')}
            </a>
          </p>
        </div>
        <Example />
      </div>
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

const EXAMPLES = [
  { key: 1, marks: ['permit'], time: '09:42' },
  { key: 2, marks: ['deny'], time: '11:05' },
  { key: 3, marks: ['emergency', 'permit'], time: '23:17' },
] as const;

/** Three invented lines: what the list will look like, and what each line says. */
function Example(): ReactNode {
  const words = useWords();
  return (
    <figure className="welcome-example">
      <figcaption className="small">{words.text('signIn.example')}</figcaption>
      <ul className="visits">
        {EXAMPLES.map(({ key, marks, time }) => (
          <li key={key} className="visit">
            <span className="visit-time">{time}</span>
            <span className="visit-mark">
              <Mark kind={marks[0]} />
            </span>
            <div className="visit-body">
              <p className="visit-who">
                <strong>{words.text(`signIn.example${key}.who`)}</strong>{' '}
                <span className="place">{words.text(`signIn.example${key}.place`)}</span>
              </p>
              <p className="visit-what">{words.text(`signIn.example${key}.what`)}</p>
              <p className="visit-why">
                {words.text(`signIn.example${key}.why`)}
                {marks.map((mark) => (
                  <span key={mark} className={`badge badge-${mark}`}>
                    <Mark kind={mark} />
                    {words.text(`mark.${mark}`)}
                  </span>
                ))}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </figure>
  );
}
