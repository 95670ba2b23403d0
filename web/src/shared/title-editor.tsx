import { type FormEvent, useEffect, useRef, useState } from 'react';
import { messageOf } from '../api/problem.ts';

type Props = {
  title: string;
  /** Stores the new title; its failure is shown and the text is kept. */
  onSave: (title: string) => Promise<void>;
  onClose: () => void;
};

/** The server refuses longer ones. */
const TITLE_MOST_CHARACTERS = 200;

/** Edits a title in its place: Enter saves, Escape leaves. */
export function TitleEditor({ title, onSave, onClose }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(title);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  useEffect(() => input.current?.select(), []);

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === '' || wanted === title) return onClose();
    setBusy(true);
    try {
      await onSave(wanted);
      onClose();
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  }

  return (
    <form className="title-editor" onSubmit={save} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <input
        ref={input}
        className="input"
        aria-label="Title"
        value={text}
        maxLength={TITLE_MOST_CHARACTERS}
        onChange={(event) => setText(event.target.value)}
        {...(failure ? { 'aria-invalid': true, title: failure } : {})}
      />
      <button type="submit" className="button button-primary button-small" disabled={busy}>
        Save
      </button>
      <button type="button" className="button button-small" onClick={onClose}>
        Cancel
      </button>
      {failure && (
        <span className="error-text" role="alert">
          {failure}
        </span>
      )}
    </form>
  );
}
