import { type ReactNode, useEffect, useRef, useState } from 'react';
import { messageOf } from '../api/problem.ts';

type Props = {
  title: string;
  children: ReactNode;
  action: string;
  /** Most of what is asked about cannot be undone. */
  kind?: 'danger' | 'primary';
  /** Closes the dialog when it succeeds; its failure is shown and can be tried again. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
};

/** Asks before something is done. The browser's own dialog keeps the focus inside. */
export function ConfirmDialog({ title, children, action, kind = 'danger', onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);

  async function confirm(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      <div className="dialog-text">{children}</div>
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          className={`button button-${kind}`}
          disabled={busy}
          onClick={confirm}
          data-testid="confirm-action"
        >
          {action}
        </button>
      </div>
    </dialog>
  );
}
