// SPDX-License-Identifier: Apache-2.0
import { use, useEffect, useId, useRef, type ReactNode } from 'react';
import { useWords } from '../words/context';
import { DialogNotices } from './dialogNotices';
import { Icon } from './Icon';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/**
 * A modal dialog: the browser's own, which keeps the focus inside, makes the page behind inert, closes on Escape and gives the focus
 * back to where it was. Open as long as it is rendered.
 */
export function Dialog({ title, onClose, children }: DialogProps): ReactNode {
  const words = useWords();
  const titleId = useId();
  const ref = useRef<HTMLDialogElement>(null);
  const notices = use(DialogNotices);
  useEffect(() => {
    const dialog = ref.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // The browser gives the focus back only to an element that is still there when it closes the dialog itself.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="button button-quiet button-icon" onClick={onClose}>
          <Icon name="close" />
          <span className="unseen">{words.text('app.close')}</span>
        </button>
      </div>
      <div className="dialog-body">
        {notices}
        {children}
      </div>
    </dialog>
  );
}
