// SPDX-License-Identifier: Apache-2.0
import { use, useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useWords } from '../words/context';
import { DialogNotices } from './dialogNotices';
import { Icon } from './Icon';
import { Notice } from './Notice';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Something was filled in: closing asks first. */
  readonly isBegun?: boolean;
  readonly children: ReactNode;
}

/**
 * A modal dialog: the browser's own, which keeps the focus inside, makes the page behind inert, closes on
 * Escape and gives the focus back to where it was. Open as long as it is rendered.
 */
export function Dialog({ title, onClose, isBegun = false, children }: DialogProps): ReactNode {
  const words = useWords();
  const titleId = useId();
  const ref = useRef<HTMLDialogElement>(null);
  const notices = use(DialogNotices);
  const [isAsking, setIsAsking] = useState(false);
  const goOn = useRef<HTMLButtonElement>(null);
  const leave = (): void => {
    if (isBegun) {
      setIsAsking(true);
    } else {
      onClose();
    }
  };
  useEffect(() => {
    if (isAsking) {
      goOn.current?.focus();
    }
  }, [isAsking]);
  useEffect(() => {
    const dialog = ref.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // The browser gives the focus back only to an element that is still there when it closes the dialog
      // itself.
      if (opener instanceof HTMLElement && opener.isConnected) {
        opener.focus();
      }
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        // A browser closes a dialog on a second Escape whatever the page says to its cancel event; not when
        // the key is taken.
        if (event.key !== 'Escape') {
          return;
        }
        event.preventDefault();
        leave();
      }}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <div className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="button button-quiet button-icon" onClick={leave}>
          <Icon name="close" />
          <span className="unseen">{words.text('app.close')}</span>
        </button>
      </div>
      <div className="dialog-body">
        {notices}
        {isAsking && (
          <Notice kind="warning" title={words.text('form.leave.title')} isLive>
            <p>{words.text('form.leave.text')}</p>
            <p className="actions">
              <button
                ref={goOn}
                type="button"
                className="button"
                onClick={() => {
                  setIsAsking(false);
                }}
              >
                {words.text('form.leave.stay')}
              </button>
              <button type="button" className="button" onClick={onClose}>
                {words.text('form.leave.discard')}
              </button>
            </p>
          </Notice>
        )}
        {children}
      </div>
    </dialog>
  );
}
