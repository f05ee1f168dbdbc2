// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';

interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'danger' | 'done';
  readonly title?: string;
  /** Read out when it appears. */
  readonly isLive?: boolean;
  readonly children?: ReactNode;
}

/** A message that belongs to the page. */
export function Notice({ kind, title, isLive = false, children }: NoticeProps): ReactNode {
  const role = isLive ? (kind === 'danger' || kind === 'warning' ? 'alert' : 'status') : undefined;
  return (
    <div className={`notice notice-${kind}`} role={role}>
      {title !== undefined && <p className="notice-title">{title}</p>}
      {children}
    </div>
  );
}
