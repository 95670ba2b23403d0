import type { RenditionResource } from '../../../src/domain/video-resource.ts';
import { formatBitrate, formatFrameRate, formatSize } from '../shared/format.ts';

export function RenditionsTable({ renditions }: { renditions: readonly RenditionResource[] }) {
  if (renditions.length === 0) return null;
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
            </tr>
          </thead>
          <tbody>{renditions.map(renditionRow)}</tbody>
        </table>
      </div>
    </section>
  );
}

const renditionRow = (rendition: RenditionResource) => (
  <tr key={rendition.name}>
    <th scope="row">{rendition.name}</th>
    <td>{formatSize(rendition.widthPx, rendition.heightPx) ?? 'Audio'}</td>
    <td className="number">{formatBitrate(rendition.averageBandwidthBps)}</td>
    <td className="number">{formatBitrate(rendition.bandwidthBps)}</td>
    <td>{rendition.frameRate === null ? '–' : formatFrameRate(rendition.frameRate)}</td>
    <td className="code">{rendition.codec}</td>
  </tr>
);
