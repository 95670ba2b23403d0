import { languageOf } from './audio-plan.ts';
import { durationSeconds } from './hls-playlist.ts';
import type { AudioOffer, Offer, TextOffer, VideoOffer } from './offer.ts';
import type { StoredRendition, StoredSegment } from './tasks.ts';

/** The DASH manifest (ISO/IEC 23009-1, isoff-live profile) over the same segments as the HLS playlists. */
export function dashManifest(offer: Offer): string {
  const sets = [
    ...[...byCodec(offer.video).values()].map((video) => videoSet(offer.generation, video)),
    ...offer.audio.map((audio, i) => audioSet(offer.generation, audio, i === 0 ? 'main' : 'alternate')),
    ...offer.text.map((track) => textSet(offer.generation, track)),
  ];
  return `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" \
mediaPresentationDuration="PT${durationSeconds(offer).toFixed(6)}S" minBufferTime="PT4S">
  <Period id="0" start="PT0S">
${sets.join('\n')}
  </Period>
</MPD>
`;
}

/** Players switch within a set only, and hardly any switches codecs. */
const byCodec = (video: readonly VideoOffer[]) => Map.groupBy(video, ({ rung }) => rung.codec);

function videoSet(generation: number, video: readonly VideoOffer[]): string {
  const representations = video.map(({ rung, frameRate, made, bandwidth }) =>
    element('Representation', {
      id: rung.rendition,
      codecs: made.codec,
      width: rung.widthPx,
      height: rung.heightPx,
      frameRate: frameRate.denominator === 1 ? frameRate.numerator : `${frameRate.numerator}/${frameRate.denominator}`,
      bandwidth: bandwidth.peakBps,
    }),
  );
  const set = { contentType: 'video', mimeType: 'video/mp4', segmentAlignment: 'true', startWithSAP: 1 };
  // All rungs are cut at the same frames, so one timeline stands for them all.
  return adaptationSet(set, '', generation, video[0], representations);
}

function audioSet(generation: number, { plan, made, bandwidth }: AudioOffer, role: 'main' | 'alternate'): string {
  const language = languageOf(plan.track);
  const representation = `      <Representation${attributes({
    id: plan.rendition,
    codecs: made.codec,
    audioSamplingRate: plan.sampleRateHz,
    bandwidth: bandwidth.peakBps,
  })}>
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
      </Representation>`;
  const lang = language === 'und' ? {} : { lang: language };
  const set = { contentType: 'audio', mimeType: 'audio/mp4', ...lang, segmentAlignment: 'true', startWithSAP: 1 };
  const head = `      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="${role}"/>\n`;
  return adaptationSet(set, head, generation, { made, delayTicks: plan.delayTicks }, [representation]);
}

/** A file of its own beside the segments; players fetch it whole. */
const textSet = (generation: number, { name, language, label }: TextOffer): string =>
  `    <AdaptationSet${attributes({ contentType: 'text', mimeType: 'text/vtt', lang: language })}>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>
      <Label>${escaped(label)}</Label>
      <Representation${attributes({ id: `t-${name}`, bandwidth: TEXT_BPS })}>
        <BaseURL>g${generation}/text/${name}.vtt</BaseURL>
      </Representation>
    </AdaptationSet>`;

/** What speech takes as text, roughly; players need a figure and do nothing with it. */
const TEXT_BPS = 256;

type Timed = { readonly made: StoredRendition; readonly delayTicks: number };

function adaptationSet(
  set: Record<string, string | number>,
  head: string,
  generation: number,
  timed: Timed | undefined,
  representations: readonly string[],
): string {
  const template = {
    timescale: timed?.made.timescale ?? 1,
    // The period begins with the first frame shown, and not with the first one decoded.
    presentationTimeOffset: timed?.delayTicks ?? 0,
    initialization: `g${generation}/$RepresentationID$/init.mp4`,
    media: `g${generation}/$RepresentationID$/$Number%06d$.m4s`,
    startNumber: 0,
  };
  return `    <AdaptationSet${attributes(set)}>
${head}      <SegmentTemplate${attributes(template)}>
        <SegmentTimeline>
${timeline(timed?.made.segments ?? [], timed?.delayTicks ?? 0)}
        </SegmentTimeline>
      </SegmentTemplate>
${representations.join('\n')}
    </AdaptationSet>`;
}

/** Runs of equally long segments become one S element. */
function timeline(segments: readonly StoredSegment[], firstTicks: number): string {
  const runs: { ticks: number; repeats: number }[] = [];
  for (const { durationTicks } of segments) {
    const run = runs.at(-1);
    if (run?.ticks === durationTicks) run.repeats += 1;
    else runs.push({ ticks: durationTicks, repeats: 0 });
  }
  return runs
    .map(({ ticks, repeats }, i) => {
      const start = i === 0 ? { t: firstTicks } : {};
      return `          <S${attributes({ ...start, d: ticks, ...(repeats > 0 ? { r: repeats } : {}) })}/>`;
    })
    .join('\n');
}

const element = (name: string, values: Record<string, string | number>): string =>
  `      <${name}${attributes(values)}/>`;

const attributes = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
