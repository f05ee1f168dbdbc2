// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from 'react';
import { formatDate } from '../../lib/dates';
import { useMe } from '../../lib/queries';
import { useWords } from '../../words/context';
import '../../styles/listLater.css';

/** Where the whole notice leaves the list on the first screen. */
const ROOM = '(min-width: 60.01rem) and (min-height: 50rem)';

/** What was told and closed, for as long as the page is open: a sign-in begins a new one. */
let told = 0;

/**
 * Wrong passwords that somebody tried at the account: told once after a sign-in, again only when there are
 * more.
 */
export function FailedSignIns(): ReactNode {
  const words = useWords();
  const { failedSignIns } = useMe();
  const [closed, setClosed] = useState(told);
  // Where it would push the list off the first screen, its title stands alone until it is opened.
  const [hasRoom] = useState(() => window.matchMedia(ROOM).matches);
  if (failedSignIns === null || failedSignIns.count <= closed) {
    return null;
  }
  const { count, since } = failedSignIns;
  return (
    <div role="status">
      <details className="notice notice-info notice-folded" open={hasRoom}>
        <summary className="notice-title">{words.text('guesses.title')}</summary>
        <p>{words.text('guesses.text', { count, date: formatDate(words.tag, new Date(since)) })}</p>
        <p>{words.text('guesses.do')}</p>
        <p>
          <button
            type="button"
            className="button"
            onClick={() => {
              told = count;
              setClosed(count);
            }}
          >
            {words.text('app.close')}
          </button>
        </p>
      </details>
    </div>
  );
}
