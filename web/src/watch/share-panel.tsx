import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { PageLink } from '../navigation/page-link.tsx';
import { CopyField } from './copy-field.tsx';
import { embedSnippet } from './embed-snippet.ts';

type Props = { video: VideoResource; tech: 'hls' | 'dash' };

/** The addresses that other players and other pages need. */
export function SharePanel({ video: { id, title, playback, source }, tech }: Props) {
  if (!playback) return null;
  const absolute = (path: string): string => new URL(path, window.location.origin).href;
  const embed = embedSnippet({ src: absolute(`/embed/${id}`), title, ratio: ratioOf(source) });
  const other = tech === 'hls' ? 'dash' : 'hls';
  return (
    <section className="panel">
      <h2>Share</h2>
      <CopyField label="HLS" text={absolute(playback.hls)} />
      {playback.dash && <CopyField label="DASH" text={absolute(playback.dash)} />}
      <CopyField label="Embed" text={embed} />
      {playback.dash && (
        <p className="panel-note">
          Plays as {tech.toUpperCase()}.{' '}
          <PageLink href={other === 'dash' ? `/watch/${id}?tech=dash` : `/watch/${id}`}>
            Play as {other.toUpperCase()}
          </PageLink>
        </p>
      )}
    </section>
  );
}

const ratioOf = ({ widthPx, heightPx }: VideoResource['source']): string =>
  widthPx && heightPx ? `${widthPx}/${heightPx}` : '16/9';
