// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';

export type MarkKind = 'permit' | 'partial' | 'deny' | 'emergency' | 'against';

const SHAPES: Readonly<Record<MarkKind, ReactNode>> = {
  permit: <circle cx="8" cy="8" r="4" className="mark-fill" />,
  partial: (
    <>
      <path d="M8 3a5 5 0 0 0 0 10z" className="mark-fill" />
      <circle cx="8" cy="8" r="5" className="mark-line" />
    </>
  ),
  deny: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="1.5" className="mark-line" />
      <path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" className="mark-line" />
    </>
  ),
  emergency: (
    <>
      <path d="M8 1.2 15.2 14H.8z" className="mark-fill" />
      <path d="M8 6v4M8 11.6v.8" className="mark-gap" />
    </>
  ),
  against: (
    <>
      <path d="M8 .8 15.2 8 8 15.2.8 8z" className="mark-fill" />
      <path d="M5.6 10.4l4.8-4.8" className="mark-gap" />
    </>
  ),
};

/** The shape of a result. Always beside its word: it says nothing alone. */
export function Mark({ kind }: { readonly kind: MarkKind }): ReactNode {
  return (
    <svg
      className={`mark mark-${kind}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[kind]}
    </svg>
  );
}
