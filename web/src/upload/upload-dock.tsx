import { useEffect, useState } from 'react';
import type { PageClock } from '../shared/clock.ts';
import { Icon } from '../shared/icons.tsx';
import { InterruptedRow } from './interrupted-row.tsx';
import { isUnfinished, type QueuedUpload, type UploadQueue } from './upload-queue.ts';
import { UploadRow } from './upload-row.tsx';
import { useInterrupted } from './use-interrupted.ts';
import { useUploads } from './use-uploads.ts';

/** The uploads of this window, in a corner above whatever page is shown. */
export function UploadDock({ queue, clock }: { queue: UploadQueue; clock: PageClock }) {
  const uploads = useUploads(queue);
  const { interrupted, forget } = useInterrupted(uploads, clock);
  const [open, setOpen] = useState(true);
  const unfinished = uploads.some(isUnfinished);
  useEffect(() => (unfinished ? warnBeforeLeaving() : undefined), [unfinished]);
  if (uploads.length === 0 && interrupted.length === 0) return null;
  return (
    <section className="upload-dock" aria-label="Uploads" data-testid="upload-dock">
      <header className="upload-dock-head">
        <h2 role="status">{summaryOf(uploads, interrupted.length)}</h2>
        {!unfinished && uploads.length > 0 && (
          <button type="button" className="button button-small" onClick={queue.clear}>
            Clear
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-expanded={open}
          aria-label={open ? 'Fold the uploads away' : 'Show the uploads'}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" />
        </button>
      </header>
      <ul className="upload-list" hidden={!open || uploads.length === 0}>
        {uploads.map((upload) => (
          <UploadRow
            key={upload.key}
            upload={upload}
            onRemove={() => queue.remove(upload.key)}
            onPause={() => queue.pause(upload.key)}
            onResume={() => queue.resume(upload.key)}
          />
        ))}
      </ul>
      {interrupted.length > 0 && open && (
        <>
          {uploads.length > 0 && <h3 className="upload-part">Interrupted</h3>}
          <ul className="upload-list">
            {interrupted.map((upload) => (
              <InterruptedRow
                key={upload.key}
                upload={upload}
                nowMs={clock.nowMs()}
                onFile={(file) => queue.add([file])}
                onForget={() => void forget(upload)}
              />
            ))}
          </ul>
        </>
      )}
      {unfinished && open && (
        <p className="upload-note">If this page closes, choose the same files again: they go on where they stopped.</p>
      )}
    </section>
  );
}

function summaryOf(uploads: readonly QueuedUpload[], interrupted: number): string {
  if (uploads.length === 0) return interrupted === 1 ? 'An upload was interrupted' : 'Uploads were interrupted';
  const unfinished = uploads.filter(isUnfinished).length;
  const failed = uploads.filter(({ phase }) => phase.state === 'failed').length;
  if (unfinished > 0) return `Uploading ${unfinished} ${unfinished === 1 ? 'file' : 'files'}`;
  return failed > 0 ? `${failed} of ${uploads.length} not uploaded` : `${uploads.length} uploaded`;
}

/** Closing the window stops its uploads until the files are chosen again; the browser asks first. */
function warnBeforeLeaving(): () => void {
  const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
  window.addEventListener('beforeunload', warn);
  return () => window.removeEventListener('beforeunload', warn);
}
