import { measureBandwidth } from '../../domain/bandwidth.ts';
import type { Finding } from './check-presentation.ts';
import type { Presentation, Rendition } from './read-presentation.ts';

/** Apple's authoring rules, 1.30 and 1.31: what is declared is within 10 % of what is measured. */
const TOLERATED_SHARE = 0.1;
/** 1.28: the peak of a video on demand should not be above twice its average. */
const MAX_PEAK_SHARE = 2;

type Variant = NonNullable<Presentation['multivariant']['playlists']>[number];

/** The multivariant playlist: that it says what there is, and truly. */
export function checkVariants(presentation: Presentation): Finding[] {
  const { multivariant } = presentation;
  const variants = multivariant.playlists ?? [];
  return [
    ...(multivariant.independentSegments ? [] : [must('EXT-X-INDEPENDENT-SEGMENTS is missing')]),
    ...(variants.length > 0 ? [] : [must('there are no variants')]),
    ...variants.flatMap((variant) => checkVariant(variant, presentation)),
    ...checkGroups(presentation),
  ];
}

function checkVariant(variant: Variant, presentation: Presentation): Finding[] {
  const { uri, attributes } = variant;
  const rendition = presentation.renditions.get(uri);
  if (!rendition) return [];
  const sound = tracksOf(attributes.AUDIO, presentation).flatMap(
    (track) => presentation.renditions.get(track.uri) ?? [],
  );
  const codecs = new Set([rendition, ...sound].map(({ init }) => init.codec));
  const declared = new Set(attributes.CODECS?.split(','));
  const isWhole = [...codecs].every((codec) => declared.has(codec)) && declared.size === codecs.size;
  return [
    ...(isWhole ? [] : [must(`CODECS are ${attributes.CODECS}, found were ${[...codecs].join(',')}`, uri)]),
    ...(rendition.init.codec.startsWith('mp4a') || attributes.RESOLUTION ? [] : [must('RESOLUTION is missing', uri)]),
    ...(rendition.init.codec.startsWith('mp4a') || attributes['FRAME-RATE']
      ? []
      : [must('FRAME-RATE is missing', uri)]),
    ...checkRates(
      variant,
      rendition,
      sound.filter((one) => one !== rendition),
    ),
  ];
}

function checkRates({ uri, attributes }: Variant, rendition: Rendition, sound: readonly Rendition[]): Finding[] {
  const peak = rate(rendition, 'peakBps') + Math.max(0, ...sound.map((one) => rate(one, 'peakBps')));
  const average = rate(rendition, 'averageBps') + Math.max(0, ...sound.map((one) => rate(one, 'averageBps')));
  const declaredAverage = Number(attributes['AVERAGE-BANDWIDTH']);
  const far = (declared: number, measured: number): boolean => Math.abs(declared / measured - 1) > TOLERATED_SHARE;
  return [
    ...(attributes.BANDWIDTH >= peak ? [] : [must(`BANDWIDTH is ${attributes.BANDWIDTH}, the peak is ${peak}`, uri)]),
    ...(far(attributes.BANDWIDTH, peak)
      ? [must(`BANDWIDTH is ${attributes.BANDWIDTH}, measured was ${peak}`, uri)]
      : []),
    ...(far(declaredAverage, average)
      ? [must(`AVERAGE-BANDWIDTH is ${declaredAverage}, measured was ${average}`, uri)]
      : []),
    ...(peak > MAX_PEAK_SHARE * average
      ? [should(`the peak is ${(peak / average).toFixed(1)} times the average`, uri)]
      : []),
  ];
}

function rate({ segments, init }: Rendition, of: 'peakBps' | 'averageBps'): number {
  const numbered = segments.map(({ sizeBytes, durationTicks }, segment) => ({ segment, sizeBytes, durationTicks }));
  const made = { rendition: '', codec: '', initSha256: '', initSizeBytes: 0, timescale: init.timescale };
  return measureBandwidth({ ...made, segments: numbered })[of];
}

function checkGroups({ multivariant }: Presentation): Finding[] {
  const groups = multivariant.mediaGroups?.AUDIO ?? {};
  return [
    ...(multivariant.playlists ?? []).flatMap(({ uri, attributes }) =>
      attributes.AUDIO === undefined || groups[attributes.AUDIO]
        ? []
        : [must(`there is no group ${attributes.AUDIO}`, uri)],
    ),
    ...Object.entries(groups).flatMap(([name, tracks]) =>
      Object.values(tracks).filter((track) => track.default).length === 1
        ? []
        : [must(`the group ${name} has not exactly one default`)],
    ),
  ];
}

const tracksOf = (group: string | undefined, { multivariant }: Presentation) =>
  group === undefined ? [] : Object.values(multivariant.mediaGroups?.AUDIO[group] ?? {});

const must = (what: string, where = 'index.m3u8'): Finding => ({ level: 'must', where, what });
const should = (what: string, where: string): Finding => ({ level: 'should', where, what });
