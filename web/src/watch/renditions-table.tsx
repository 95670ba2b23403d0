import type { RenditionResource, VideoResource } from '../../../src/domain/video-resource.ts';
import { downloadPath } from '../api/videos.ts';
import { type Column, DataTable } from '../shared/data-table.tsx';
import { formatBitrate, formatFrameRate, formatSize } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';

type Props = { video: VideoResource };

export function RenditionsTable({ video: { id, renditions, playback } }: Props) {
  if (renditions.length === 0) return null;
  // What is still growing is no whole file yet.
  const isPublished = playback !== null && playback.dash !== null;
  const widest = Math.max(...renditions.map(({ bandwidthBps }) => bandwidthBps));
  const columns = [...factColumns(widest), ...(isPublished ? [downloadColumn(id)] : [])];
  return (
    <section className="panel panel-wide" data-testid="renditions">
      <h2>Renditions</h2>
      <DataTable label="Renditions" columns={columns} rows={renditions} keyOf={({ name }) => name} />
    </section>
  );
}

/** @param widest highest bitrate of all, against which a meter shows each */
const factColumns = (widest: number): readonly Column<RenditionResource>[] => [
  { name: 'Name', cell: ({ name }) => name },
  { name: 'Size', cell: ({ widthPx, heightPx }) => formatSize(widthPx, heightPx) ?? 'Audio' },
  {
    name: 'Average',
    is: 'number',
    cell: ({ averageBandwidthBps }) => (
      <>
        <span className="meter" aria-hidden="true">
          <span style={{ transform: `scaleX(${averageBandwidthBps / widest})` }} />
        </span>
        <span className="meter-value">{formatBitrate(averageBandwidthBps)}</span>
      </>
    ),
  },
  { name: 'Peak', is: 'number', cell: ({ bandwidthBps }) => formatBitrate(bandwidthBps) },
  { name: 'Frame rate', cell: ({ frameRate }) => (frameRate === null ? '–' : formatFrameRate(frameRate)) },
  { name: 'Codec', is: 'code', cell: ({ codec }) => codec },
];

const downloadColumn = (videoId: string): Column<RenditionResource> => ({
  name: 'Download',
  is: 'cell-action',
  isUnnamed: true,
  cell: ({ name }) => (
    <a
      className="icon-button"
      href={downloadPath(videoId, name)}
      download
      aria-label={`Download ${name} as MP4`}
      title="Download as MP4"
    >
      <Icon name="download" />
    </a>
  ),
});
