import type { Switch } from './judge.ts';

export type LogLine = Readonly<Record<string, unknown>>;
export type Fetched = {
  readonly atMs: number;
  readonly rendition: string;
  readonly segment: number;
  readonly bytes: number;
};
/** What the logs of the platform tell of one session. */
export type LogStory = {
  readonly sessionId: string;
  /** The lines as they are, in order. */
  readonly switchLines: readonly LogLine[];
  readonly switches: readonly Switch[];
  /** Segments of the picture, by the time when they were asked for. */
  readonly fetched: readonly Fetched[];
};

/** Finds the last session that began with this playlist or manifest. */
export function logStoryOf(lines: readonly LogLine[], { videoId, file }: { videoId: string; file: string }): LogStory {
  const begun = lines.filter(
    (line) => line.event === 'session_started' && line.videoId === videoId && line.file === file,
  );
  const sessionId = String(begun.at(-1)?.sessionId);
  const ofSession = lines.filter((line) => line.sessionId === sessionId);
  const switchLines = ofSession.filter(({ event }) => event === 'rendition_switched');
  const segments = ofSession.filter(
    ({ event, kind, rendition }) => event === 'segment_served' && kind === 'segment' && /^v\d/.test(String(rendition)),
  );
  return {
    sessionId,
    switchLines,
    switches: switchLines.map(({ from, to, segment }) => ({
      from: String(from),
      to: String(to),
      segment: Number(segment),
    })),
    fetched: segments.map(({ time, durationMs, rendition, segment, bytes }) => ({
      atMs: Date.parse(String(time)) - Number(durationMs),
      rendition: String(rendition),
      segment: Number(segment),
      bytes: Number(bytes),
    })),
  };
}
