// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { FailedSignIns } from '../features/session/FailedSignIns';
import { SessionWarning } from '../features/session/SessionWarning';

/** What watches a page that stays open: the session's end, and what a patient learns once after a sign-in. */
export function LateNotices(): ReactNode {
  return (
    <>
      <FailedSignIns />
      <SessionWarning />
    </>
  );
}
