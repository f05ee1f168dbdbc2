// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { formatMoment } from '../lib/dates';
import { useMe } from '../lib/queries';
import { timeZoneName } from '../lib/timeZone';
import { Text, useWords } from '../words/context';
import { Name } from './Name';
import { isSound, trustSentence } from './TrustLine';
import '../styles/print.css';

/**
 * What every sheet of paper says before its page: whose record it is, when it was printed, in which time
 * zone, and how complete it is.
 */
export function PrintFacts(): ReactNode {
  const words = useWords();
  const me = useMe();
  const { state } = me.list;
  const printedAt = usePrintTime();
  const sentence = trustSentence(words, me);
  return (
    <div className="print-only print-facts">
      <p>
        <Text k="print.person" values={{ name: <Name>{me.name}</Name> }} />
      </p>
      <p>{words.text('print.made', { moment: formatMoment(words.tag, printedAt) })}</p>
      <p>{words.text('print.zone', { zone: timeZoneName(words.tag, printedAt) })}</p>
      <p>
        {isSound(state)
          ? sentence
          : words.text('print.state', { title: words.text(`trust.${state}.title`), sentence })}
      </p>
    </div>
  );
}

/** When the page was last given to a printer. */
function usePrintTime(): Date {
  const [at, setAt] = useState(() => new Date());
  useEffect(() => {
    const note = (): void => {
      flushSync(() => {
        setAt(new Date());
      });
    };
    window.addEventListener('beforeprint', note);
    return () => {
      window.removeEventListener('beforeprint', note);
    };
  }, []);
  return at;
}
