import type { Finding } from './check-presentation.ts';
import { MANIFEST_BASE, type Presentation, type Rendition } from './read-presentation.ts';

/** The manifest states its length, and the parser sums up its segments, in floating seconds. */
const ROUNDING_SECONDS = 0.001;

/** The DASH manifest: the same segments as in the playlists, with the same times. */
export function checkManifest({ manifest, renditions }: Presentation): Finding[] {
  const sets = Object.values(manifest.mediaGroups.AUDIO.audio ?? {});
  const listed = [...manifest.playlists, ...sets.flatMap(({ playlists }) => playlists)];
  const longest = Math.max(0, ...[...renditions.values()].map(secondsOf));
  return [
    ...(Math.abs(manifest.duration - longest) <= ROUNDING_SECONDS
      ? []
      : [must(`it lasts ${manifest.duration} s, its renditions ${longest} s`)]),
    ...(listed.length === renditions.size
      ? []
      : [must(`it has ${listed.length} representations, the playlists have ${renditions.size}`)]),
    ...listed.flatMap((listing) => checkListing(listing, renditions)),
  ];
}

type Listing = Presentation['manifest']['playlists'][number];

function checkListing({ attributes, segments }: Listing, renditions: Presentation['renditions']): Finding[] {
  const folder = segments[0]?.resolvedUri.replace(MANIFEST_BASE, '').replace(/[^/]*$/, '');
  const rendition = renditions.get(`${folder}index.m3u8`);
  if (!rendition) return [must(`${attributes.NAME} is not in the playlists`)];
  const apart = segments.findIndex(({ duration, resolvedUri }, i) => {
    const { durationTicks = 0 } = rendition.segments[i] ?? {};
    const isSame = resolvedUri === `${MANIFEST_BASE}${folder}${rendition.playlist.segments[i]?.uri}`;
    return !isSame || Math.abs(duration - durationTicks / rendition.init.timescale) > ROUNDING_SECONDS;
  });
  return [
    ...(apart < 0 ? [] : [must(`segment ${apart} of ${attributes.NAME} is not that of the playlist`)]),
    ...(segments.length === rendition.segments.length
      ? []
      : [must(`${attributes.NAME} has ${segments.length} segments`)]),
    ...(attributes.CODECS === rendition.init.codec
      ? []
      : [must(`codecs of ${attributes.NAME} are ${attributes.CODECS}`)]),
  ];
}

const secondsOf = ({ segments, init }: Rendition): number =>
  segments.reduce((sum, { durationTicks }) => sum + durationTicks, 0) / init.timescale;

const must = (what: string): Finding => ({ level: 'must', where: 'manifest.mpd', what });
