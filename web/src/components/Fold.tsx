// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from 'react';

interface FoldProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** Where the side has a column of its own (`timeline.css`). */
const WIDE = '(min-width: 60.01rem)';

/** A part of the page under its heading: open where there is room, else folded until it is asked for. Built only when it is open. */
export function Fold({ title, children }: FoldProps): ReactNode {
  const [isOpen, setIsOpen] = useState(() => window.matchMedia(WIDE).matches);
  return (
    <details
      className="fold"
      open={isOpen}
      onToggle={(event) => {
        setIsOpen(event.currentTarget.open);
      }}
    >
      <summary>
        <h2>{title}</h2>
      </summary>
      {isOpen && children}
    </details>
  );
}
