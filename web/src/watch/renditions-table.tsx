import type { RenditionResource, VideoResource } from '../../../src/domain/video-resource.ts';
import { downloadPath } from '../api/videos.ts';
import { formatBitrate, formatFrameRate, formatSize } from '../shared/format.ts';
import { Icon } from '../shared/icons.tsx';

type Props = { video: VideoResource };

export function RenditionsTable({ video: { id, renditions, playback } }: Props) {
  if (renditions.length === 0) return null;
  // What is still growing is no whole file yet.
  const isPublished = playback !== null && playback.dash !== null;
  const widest = Math.max(...renditions.map(({ bandwidthBps }) => bandwidthBps));
  return (
    <section className="panel panel-wide" data-testid="renditions">
      <h2>Renditions</h2>
      <div className="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Size</th>
              <th scope="col" className="number">
                Average
              </th>
              <th scope="col" className="number">
                Peak
              </th>
              <th scope="col">Frame rate</th>
              <th scope="col">Codec</th>
              {isPublished && (
                <th scope="col">
                  <span className="visually-hidden">Download</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {renditions.map((rendition) => (
              <tr key={rendition.name}>
                <RenditionCells rendition={rendition} share={rendition.averageBandwidthBps / widest} />
                {isPublished && (
                  <td className="cell-action">
                    <a
                      className="icon-button"
                      href={downloadPath(id, rendition.name)}
                      download
                      aria-label={`Download ${rendition.name} as MP4`}
                      title="Download as MP4"
                    >
                      <Icon name="download" />
                    </a>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** @param share of the highest bitrate of all */
const RenditionCells = ({ rendition, share }: { rendition: RenditionResource; share: number }) => (
  <>
    <th scope="row">{rendition.name}</th>
    <td>{formatSize(rendition.widthPx, rendition.heightPx) ?? 'Audio'}</td>
    <td className="number">
      <span className="meter" aria-hidden="true">
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
      {formatBitrate(rendition.averageBandwidthBps)}
    </td>
    <td className="number">{formatBitrate(rendition.bandwidthBps)}</td>
    <td>{rendition.frameRate === null ? '–' : formatFrameRate(rendition.frameRate)}</td>
    <td className="code">{rendition.codec}</td>
  </>
);
