// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Dialog } from '../../components/Dialog';
import { ErrorNotice } from '../../components/ErrorNotice';
import { useWords } from '../../words/context';

interface SignOutDialogProps {
  /** Why the sign-out did not happen: an error, or null when unsaved changes would be lost with it. */
  readonly error: Error | null;
  readonly onClose: () => void;
  readonly onSignOut: () => void;
}

/** Asks before a sign-out that would lose changes, and says so when one did not happen. */
export function SignOutDialog({ error, onClose, onSignOut }: SignOutDialogProps): ReactNode {
  const words = useWords();
  return (
    <Dialog
      title={words.text(error === null ? 'signOut.unsaved.title' : 'signOut.failed.title')}
      onClose={onClose}
    >
      <div className="dialog-text">
        {error !== null && <ErrorNotice error={error} isTitled={false} />}
        <p>{words.text(error === null ? 'signOut.unsaved.text' : 'signOut.failed.text')}</p>
        <p className="actions actions-end">
          <button type="button" className="button" onClick={onClose}>
            {words.text(error === null ? 'signOut.stay' : 'app.close')}
          </button>
          <button type="button" className="button button-primary" onClick={onSignOut}>
            {words.text(error === null ? 'signOut.discard' : 'app.retry')}
          </button>
        </p>
      </div>
    </Dialog>
  );
}
