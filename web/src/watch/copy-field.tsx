import { useEffect, useId, useState } from 'react';
import { Icon } from '../shared/icons.tsx';

const COPIED_SHOWN_MS = 2000;

/** A text to be copied whole. Without the clipboard (no https) it can still be selected. */
export function CopyField({ label, text }: { label: string; text: string }) {
  const id = useId();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="copy-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" readOnly value={text} onFocus={(event) => event.target.select()} />
      {navigator.clipboard && (
        <button
          type="button"
          className="icon-button"
          aria-label={copied ? `${label} copied` : `Copy ${label}`}
          onClick={async () => {
            await navigator.clipboard.writeText(text);
            setCopied(true);
          }}
        >
          <Icon name={copied ? 'check' : 'copy'} />
        </button>
      )}
    </div>
  );
}
