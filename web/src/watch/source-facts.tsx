import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { sourcePath } from '../api/videos.ts';
import { formatAge, formatBytes, formatDuration, formatFrameRate, formatSize } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';

/** What was uploaded, and the way to get it back. */
export function SourceFacts({ video, nowMs }: { video: VideoResource; nowMs: number }) {
  return (
    <section className="panel">
      <h2>Source</h2>
      <dl className="facts">
        {factsOf(video, nowMs).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {video.state !== 'uploading' && (
        <a className="button button-small" href={sourcePath(video.id)} download={video.source.filename}>
          <Icon name="download" />
          Download
        </a>
      )}
    </section>
  );
}

function factsOf({ source, createdAt }: VideoResource, nowMs: number): readonly (readonly [string, string])[] {
  const { durationSeconds, frameRate } = source;
  return [
    ['File', source.filename],
    ['Size', formatBytes(source.sizeBytes)],
    ['Duration', durationSeconds === null ? '–' : formatDuration(durationSeconds)],
    ['Resolution', formatSize(source.widthPx, source.heightPx) ?? '–'],
    ['Frame rate', frameRate === null ? '–' : formatFrameRate(frameRate)],
    ['Type', source.contentType],
    ['Added', formatAge(createdAt, nowMs)],
  ];
}
