import { PageLink } from '../navigation/page-link.tsx';
import { formatBytes, formatPercent, formatRemaining, formatSpeed } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';
import { ProgressBar } from '../shared/progress-bar.tsx';
import { remainingSeconds, speedOf } from './transfer-speed.ts';
import { isUnfinished, type QueuedUpload, type UploadPhase } from './upload-queue.ts';

type Props = { upload: QueuedUpload; onRemove: () => void; onPause: () => void; onResume: () => void };

export function UploadRow({ upload, onRemove, onPause, onResume }: Props) {
  const { file, phase } = upload;
  const unfinished = isUnfinished(upload);
  const isMoving = phase.state === 'waiting' || (phase.state === 'sending' && phase.stage !== 'offline');
  return (
    <li
      className="upload-row"
      data-testid="upload-row"
      data-state={phase.state}
      data-stage={phase.state === 'sending' ? phase.stage : undefined}
    >
      <div className="upload-name" title={file.name}>
        {phase.state === 'done' ? <PageLink href={`/watch/${phase.answer.id}`}>{file.name}</PageLink> : file.name}
      </div>
      <div className={phase.state === 'failed' ? 'upload-status error-text' : 'upload-status'}>
        {statusText(phase, file.size)}
      </div>
      <div className="upload-actions">
        {(phase.state === 'waiting' || phase.state === 'sending') && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Pause the upload of ${file.name}`}
            onClick={onPause}
          >
            <Icon name="pause" />
          </button>
        )}
        {phase.state === 'paused' && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Resume the upload of ${file.name}`}
            onClick={onResume}
          >
            <Icon name="play" />
          </button>
        )}
        {phase.state === 'failed' && (
          <button type="button" className="icon-button" aria-label={`Try ${file.name} again`} onClick={onResume}>
            <Icon name="retry" />
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={unfinished ? `Cancel the upload of ${file.name}` : `Take ${file.name} off this list`}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </div>
      <div className="upload-bar">
        {isMoving && <ProgressBar value={doneFraction(phase, file.size)} label={`Upload of ${file.name}`} />}
      </div>
    </li>
  );
}

function statusText(phase: UploadPhase, totalBytes: number): string {
  switch (phase.state) {
    case 'waiting':
      return `Waiting · ${formatBytes(totalBytes)}`;
    case 'sending':
      return sendingText(phase.samples.at(-1)?.bytes ?? 0, totalBytes, phase);
    case 'paused':
      return 'Paused';
    case 'done':
      return phase.answer.created ? 'Uploaded' : 'Already in the library';
    case 'failed':
      return phase.message;
    default:
      return phase satisfies never;
  }
}

function sendingText(sentBytes: number, totalBytes: number, phase: Extract<UploadPhase, { state: 'sending' }>): string {
  if (phase.stage === 'offline') return 'Waiting for the network…';
  if (phase.stage === 'hashing') return `Checking whether it is known · ${formatPercent(sentBytes / totalBytes)}`;
  if (sentBytes >= totalBytes && totalBytes > 0) return 'Being stored…';
  const speed = speedOf(phase.samples);
  const remaining = remainingSeconds(phase.samples, totalBytes);
  return [
    `${formatPercent(sentBytes / totalBytes)} of ${formatBytes(totalBytes)}`,
    ...(speed === undefined ? [] : [formatSpeed(speed)]),
    ...(remaining === undefined ? [] : [formatRemaining(remaining)]),
  ].join(' · ');
}

/** Unknown once all is sent: the server still checks and stores. */
function doneFraction(phase: UploadPhase, totalBytes: number): number | undefined {
  if (phase.state !== 'sending') return 0;
  const sent = phase.samples.at(-1)?.bytes ?? 0;
  return sent >= totalBytes ? undefined : sent / totalBytes;
}
