import { useState } from 'react';
import type { CaptionTrack } from '../../../src/domain/captions.ts';
import { captionsPath, deleteCaptions, getCaptions } from '../api/captions.ts';
import { messageOf } from '../api/problem.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { Icon } from '../shared/icons.tsx';
import { usePolling } from '../shared/use-polling.ts';
import { CaptionForm } from './caption-form.tsx';

/** The captions of a video, and the ways to add and remove some. */
export function CaptionList({ videoId }: { videoId: string }) {
  const [tracks, setTracks] = useState<readonly CaptionTrack[]>();
  const [failure, setFailure] = useState<unknown>();
  const refresh = usePolling<readonly CaptionTrack[]>(`captions ${videoId}`, {
    load: (signal) => getCaptions(videoId, signal),
    isLive: () => false,
    isTold: () => true,
    onAnswer: (fresh) => {
      setTracks(fresh);
      setFailure(undefined);
    },
    onFailure: setFailure,
  });
  return (
    <>
      <ul className="track-list">
        {!tracks && <li className="error-text">{failure !== undefined && messageOf(failure)}</li>}
        {tracks?.length === 0 && <li className="panel-empty">None yet.</li>}
        {tracks?.map((track) => (
          <CaptionRow key={track.language} videoId={videoId} track={track} onChanged={refresh} />
        ))}
      </ul>
      <CaptionForm videoId={videoId} onStored={refresh} />
    </>
  );
}

type RowProps = { videoId: string; track: CaptionTrack; onChanged: () => void };

function CaptionRow({ videoId, track: { language, label, origin }, onChanged }: RowProps) {
  const [deleting, setDeleting] = useState(false);
  return (
    <li data-testid="caption" data-language={language}>
      <span className="track-name">{label}</span>
      <span className="code">{language}</span>
      <span className="soft">{origin === 'embedded' ? 'from the source' : 'uploaded'}</span>
      <span className="track-actions">
        <a
          className="icon-button"
          href={captionsPath(videoId, language)}
          download={`${language}.vtt`}
          aria-label={`Download the captions in ${label}`}
        >
          <Icon name="download" />
        </a>
        <button
          type="button"
          className="icon-button icon-button-danger"
          aria-label={`Remove the captions in ${label}`}
          onClick={() => setDeleting(true)}
        >
          <Icon name="trash" />
        </button>
      </span>
      {deleting && (
        <ConfirmDialog
          title="Remove these captions?"
          action="Remove"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await deleteCaptions(videoId, language);
            onChanged();
          }}
        >
          <p>
            Players stop offering <strong>{label}</strong> within seconds.
          </p>
        </ConfirmDialog>
      )}
    </li>
  );
}
