import { posix } from 'node:path';
import type { Finding } from './check-presentation.ts';
import type { ParsedHls } from './manifest-parsers.ts';
import type { Presentation, Rendition } from './read-presentation.ts';

/** Playlists of keyframes: that every range is exactly one, and that none is missing. */
export function checkKeyframes({ iframes, renditions }: Presentation): Finding[] {
  return [...iframes].flatMap(([uri, playlist]) => {
    const folder = posix.dirname(uri);
    const rendition = [...renditions.values()].find((one) => posix.dirname(one.uri) === folder);
    if (!rendition) return [must(uri, 'it belongs to no variant')];
    return checkRanges(uri, playlist, rendition);
  });
}

function checkRanges(uri: string, playlist: ParsedHls, rendition: Rendition): Finding[] {
  const expected = rendition.segments.flatMap(({ keyframes }, i) =>
    keyframes.map(([offset, sizeBytes]) => `${rendition.playlist.segments[i]?.uri} ${offset}+${sizeBytes}`),
  );
  const found = playlist.segments.map(
    ({ uri: file, byterange }) => `${file} ${byterange?.offset}+${byterange?.length}`,
  );
  const apart = expected.findIndex((range, i) => range !== found[i]);
  return [
    ...(playlist.iFramesOnly ? [] : [must(uri, 'EXT-X-I-FRAMES-ONLY is missing')]),
    ...(apart < 0
      ? []
      : [must(uri, `range ${apart} is ${found[apart] ?? 'missing'}, its keyframe lies at ${expected[apart]}`)]),
    ...(found.length > expected.length
      ? [must(uri, `it has ${found.length} ranges for ${expected.length} keyframes`)]
      : []),
  ];
}

const must = (where: string, what: string): Finding => ({ level: 'must', where, what });
