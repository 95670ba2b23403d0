import type { Finding } from './check-presentation.ts';
import type { Rendition } from './read-presentation.ts';

/** EXT-X-MAP in a playlist of whole segments needs this version (RFC 8216bis, section 8). */
const MIN_VERSION = 6;
/** EXTINF is written with six decimals. */
const ROUNDING_SECONDS = 0.000_001;
/** Apple's authoring rules, 7.5: target durations should be six seconds. */
const MAX_TARGET_SECONDS = 6;

/** One media playlist, its init and its segments. */
export function checkRendition(rendition: Rendition): Finding[] {
  return [...checkTags(rendition), ...checkInit(rendition), ...checkSegments(rendition)];
}

function checkTags({ uri, playlist }: Rendition): Finding[] {
  const { version = 1, targetDuration = 0, playlistType, endList, segments } = playlist;
  const longest = Math.max(0, ...segments.map(({ duration }) => Math.round(duration)));
  const wrong: [holds: boolean, level: Finding['level'], what: string][] = [
    [version >= MIN_VERSION, 'must', `EXT-X-VERSION is ${version}, EXT-X-MAP needs ${MIN_VERSION}`],
    [endList === true, 'must', 'EXT-X-ENDLIST is missing'],
    [playlistType === 'VOD', 'should', 'EXT-X-PLAYLIST-TYPE is not VOD'],
    [segments.length > 0, 'must', 'there are no segments'],
    [
      longest <= targetDuration,
      'must',
      `a segment of ${longest} s is above the target duration of ${targetDuration} s`,
    ],
    [targetDuration <= MAX_TARGET_SECONDS, 'should', `the target duration of ${targetDuration} s is above 6 s`],
  ];
  return wrong.flatMap(([holds, level, what]) => (holds ? [] : [{ level, where: uri, what }]));
}

function checkInit({ uri, playlist, init }: Rendition): Finding[] {
  const inits = new Set(playlist.segments.map(({ map }) => map?.uri));
  return [
    ...(inits.size > 1 ? [must(uri, `it has ${inits.size} init segments`)] : []),
    ...(inits.has(undefined) ? [must(uri, 'a segment has no EXT-X-MAP')] : []),
    ...(init.hasEditList ? [must(uri, 'the init segment has an edit list')] : []),
  ];
}

function checkSegments({ uri, playlist, init, segments }: Rendition): Finding[] {
  const seconds = (ticks: number): number => ticks / init.timescale;
  return segments.flatMap((segment, i): Finding[] => {
    const before = segments[i - 1];
    const stated = playlist.segments[i]?.duration ?? 0;
    const where = `${uri} segment ${i}`;
    const gap = before ? segment.startTicks - (before.startTicks + before.durationTicks) : 0;
    return [
      ...(gap === 0 && segment.isContiguous
        ? []
        : [must(where, `it does not begin where the last one ended: ${gap} ticks`)]),
      ...(segment.startsAlone ? [] : [must(where, 'it does not begin with a picture that can be decoded alone')]),
      ...(Math.abs(seconds(segment.durationTicks) - stated) <= ROUNDING_SECONDS
        ? []
        : [must(where, `EXTINF says ${stated} s, it lasts ${seconds(segment.durationTicks)} s`)]),
    ];
  });
}

const must = (where: string, what: string): Finding => ({ level: 'must', where, what });
