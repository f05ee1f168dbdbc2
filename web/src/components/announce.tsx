// SPDX-License-Identifier: Apache-2.0
import { createContext, use, useCallback, useState, type ReactNode } from 'react';

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

/** Tells a screen reader what has changed elsewhere on the page. */
export function useAnnounce(): (text: string) => void {
  return use(AnnounceContext);
}

/** The page's one polite live region. */
export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [message, setMessage] = useState({ text: '', turn: 0 });
  const announce = useCallback((text: string) => {
    setMessage(({ turn }) => ({ text, turn: turn + 1 }));
  }, []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <p className="unseen" role="status" aria-live="polite">
        <span key={message.turn}>{message.text}</span>
      </p>
    </AnnounceContext>
  );
}
