import { checkKeyframes } from './check-keyframes.ts';
import { checkManifest } from './check-manifest.ts';
import { checkRendition } from './check-rendition.ts';
import { checkVariants } from './check-variants.ts';
import type { Presentation, Rendition } from './read-presentation.ts';

/** `must`: players may fail; `should`: allowed, but not what the authoring rules ask for. */
export type Finding = { readonly level: 'must' | 'should'; readonly where: string; readonly what: string };

/**
 * Holds a presentation against what can be told from its files of RFC 8216bis, Apple's HLS authoring rules, CMAF and
 * DASH-IF's guidelines. Nothing found is what one wants.
 */
export function checkPresentation(presentation: Presentation): Finding[] {
  const renditions = [...presentation.renditions.values()];
  return [
    ...checkVariants(presentation),
    ...renditions.flatMap(checkRendition),
    ...checkAlignment(videoRenditions(presentation)),
    ...checkTexts(presentation),
    ...checkKeyframes(presentation),
    ...checkManifest(presentation),
  ];
}

/** What a file of captions begins with (WebVTT, section 4.1). */
const WEBVTT = /^\uFEFF?WEBVTT(\s|$)/;

const checkTexts = ({ texts }: Presentation): Finding[] =>
  [...texts]
    .filter(([, content]) => !WEBVTT.test(content))
    .map(([where]) => ({ level: 'must', where, what: 'it is no WebVTT' }));

const videoRenditions = ({ multivariant, renditions }: Presentation): Rendition[] =>
  (multivariant.playlists ?? []).flatMap(({ uri, attributes }) =>
    attributes.RESOLUTION ? (renditions.get(uri) ?? []) : [],
  );

/** Players change rungs at segment edges: those must be the same instants in all of them. */
function checkAlignment(renditions: readonly Rendition[]): Finding[] {
  const [first, ...others] = renditions;
  if (!first) return [];
  const expected = edges(first);
  return others.flatMap((rendition): Finding[] => {
    const found = edges(rendition);
    const at = expected.findIndex((edge, i) => edge !== found[i]);
    if (at < 0 && expected.length === found.length) return [];
    return [
      { level: 'must', where: rendition.uri, what: `segment ${Math.max(at, 0)} is not aligned with ${first.uri}` },
    ];
  });
}

/** In microseconds: the renditions may count in different timescales. */
const edges = ({ segments, init }: Rendition): number[] =>
  segments.map(({ startTicks }) => Math.round((startTicks * 1_000_000) / init.timescale));
