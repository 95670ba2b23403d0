export type Variant = { readonly rendition: string; readonly averageBps: number; readonly peakBps: number };
export type Ladder = {
  /** Lowest first. */
  readonly variants: readonly Variant[];
  /** Start of each segment in the media timeline; all rungs are cut at the same frames. */
  readonly starts: readonly number[];
  readonly segmentSeconds: readonly number[];
};

/** As a player reads it: the published playlists of a video. */
export async function readLadder(platformUrl: string, videoId: string): Promise<Ladder> {
  const multivariant = await textOf(`${platformUrl}/play/${videoId}/index.m3u8`);
  const variants = variantsIn(multivariant.text);
  const media = await textOf(new URL(multivariant.text.match(/^g\d+\/v\S+/m)?.[0] ?? '', multivariant.url).href);
  const segmentSeconds = [...media.text.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
  return { variants, segmentSeconds, starts: startsOf(segmentSeconds) };
}

/** Its pictures start with the first one, though the file counts from elsewhere: players begin at the first frame. */
export function startsOf(segmentSeconds: readonly number[]): number[] {
  let start = 0;
  return segmentSeconds.map((seconds) => {
    start += seconds;
    return start - seconds;
  });
}

export const variantsIn = (multivariant: string): Variant[] =>
  [...multivariant.matchAll(/^#EXT-X-STREAM-INF:(.*)\ng\d+\/([\w-]+)\//gm)].map(
    ([, attributes = '', rendition = '']) => ({
      rendition,
      averageBps: Number(/AVERAGE-BANDWIDTH=(\d+)/.exec(attributes)?.[1]),
      peakBps: Number(/(?:^|,)BANDWIDTH=(\d+)/.exec(attributes)?.[1]),
    }),
  );

const ANSWER_DEADLINE_MS = 30_000;

async function textOf(url: string): Promise<{ url: string; text: string }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return { url: answer.url, text: await answer.text() };
}
