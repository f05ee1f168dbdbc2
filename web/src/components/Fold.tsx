// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from 'react';
import { isWideScreen } from '../lib/wideScreen';

interface FoldProps {
  readonly title: string;
  readonly children: ReactNode;
}

/**
 * A part of the page under its heading: open where there is room, else folded until it is asked for. Built
 * only when it is open.
 */
export function Fold({ title, children }: FoldProps): ReactNode {
  const [isOpen, setIsOpen] = useState(isWideScreen);
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
