import { type ChangeEvent, useRef, useState } from 'react';
import { formatAge, formatBytes } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';
import type { InterruptedUpload } from './interrupted-of.ts';
import { isFileOf } from './send-file.ts';

type Props = { upload: InterruptedUpload; nowMs: number; onFile: (file: File) => void; onForget: () => void };

/** An upload that goes on when its file is chosen again: a page may not open it by itself. */
export function InterruptedRow({ upload, nowMs, onFile, onForget }: Props) {
  const { filename, sizeBytes, startedAt } = upload;
  const input = useRef<HTMLInputElement>(null);
  const [other, setOther] = useState<File>();

  async function choose(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [file] = event.target.files ?? [];
    event.target.value = '';
    if (!file) return;
    if (await isFileOf(file, upload.key)) onFile(file);
    else setOther(file);
  }

  return (
    <li className="upload-row" data-testid="interrupted-upload">
      <div className="upload-name" title={filename}>
        {filename}
      </div>
      <div className={other ? 'upload-status error-text' : 'upload-status'} role="status">
        {other
          ? `${other.name} (${formatBytes(other.size)}) is another file, or was changed since`
          : `${formatBytes(sizeBytes)} · begun ${formatAge(startedAt, nowMs)}`}
      </div>
      <div className="upload-actions">
        <button type="button" className="button button-small" onClick={() => input.current?.click()}>
          Choose the file
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`Give up the upload of ${filename}`}
          onClick={onForget}
        >
          <Icon name="close" />
        </button>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={`${filename}, to go on with its upload`}
        onChange={(event) => void choose(event)}
        data-testid="interrupted-input"
      />
    </li>
  );
}
