import { DomainError } from './errors.ts';
import type { VideoId } from './ids.ts';

/** One text on the screen for a while. */
export type Cue = {
  readonly startMs: number;
  readonly endMs: number;
  /** Where and how it stands (WebVTT, section 4.4), or nothing. */
  readonly settings: string;
  readonly text: string;
};

export type CaptionTrack = {
  /** BCP 47. One track for each. */
  readonly language: string;
  /** As the menu shows it. */
  readonly label: string;
  readonly origin: 'embedded' | 'uploaded';
};

/** A track with its text: WebVTT whose cues are counted from the video's first frame. */
export type Captions = CaptionTrack & { readonly webvtt: string };

/** The durable memory of captions. */
export interface CaptionRecords {
  tracks(videoId: VideoId): Promise<CaptionTrack[]>;
  find(videoId: VideoId, language: string): Promise<Captions | undefined>;
  /** In place of those of the same language. @throws DomainError no_such_video, too_many_captions */
  put(videoId: VideoId, captions: Captions): Promise<void>;
  /** False when there were none. */
  remove(videoId: VideoId, language: string): Promise<boolean>;
}

export const MAX_CAPTION_TRACKS = 64;
export const MAX_CAPTION_BYTES = 5 * 1024 * 1024;
const MAX_CUES = 100_000;

/**
 * Reads WebVTT or SubRip, which differ in the head and in a comma. Styles, regions and comments are left out.
 * @throws DomainError bad_captions
 */
export function parseCaptions(text: string): Cue[] {
  const blocks = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    // WebVTT, section 6.1; PostgreSQL keeps no NUL.
    .replaceAll('\0', '\uFFFD')
    .split(/\n{2,}/);
  const cues = blocks.flatMap((block) => cueOf(block.split('\n').filter((line) => line !== '')));
  if (cues.length === 0) throw new DomainError('bad_captions', 'The text holds no cue of WebVTT or SubRip.');
  if (cues.length > MAX_CUES) throw new DomainError('bad_captions', `The text holds more than ${MAX_CUES} cues.`);
  return cues.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

const TIME = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})`;
const TIMING = new RegExp(`^\\s*${TIME}[ \\t]+-->[ \\t]+${TIME}(?:[ \\t]+(.*))?$`);

/** A block has a name or a number, or none, then its times, then its text. Any other is no cue. */
function cueOf(lines: readonly string[]): Cue[] {
  const at = lines.findIndex((line) => line.includes('-->'));
  if (at < 0 || at > 1) return [];
  const timing = TIMING.exec(lines[at] ?? '');
  const [, h1, m1, s1, f1, h2, m2, s2, f2, settings = ''] = timing ?? [];
  if (!timing) throw new DomainError('bad_captions', `These are no times of a cue: ${(lines[at] ?? '').slice(0, 80)}`);
  const cue = { startMs: ms(h1, m1, s1, f1), endMs: ms(h2, m2, s2, f2), text: lines.slice(at + 1).join('\n') };
  if (cue.endMs <= cue.startMs || cue.text === '') return [];
  // SubRip's coordinates mean nothing here.
  return [{ ...cue, settings: settings.includes('X1:') ? '' : settings.trim() }];
}

function ms(hours = '0', minutes = '0', seconds = '0', fraction = '0'): number {
  return (
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction.padEnd(3, '0'))
  );
}

/** The cues again, all of them earlier by that much; what would be over before the start is left out. */
export const shifted = (cues: readonly Cue[], earlierMs: number): Cue[] =>
  cues
    .map((cue) => ({ ...cue, startMs: Math.max(0, cue.startMs - earlierMs), endMs: cue.endMs - earlierMs }))
    .filter((cue) => cue.endMs > cue.startMs);

/**
 * WebVTT, as it stands in the store.
 * @param firstFrameTicks90k presentation of the video's first frame on the clock of HLS, which cues are counted from
 *   (RFC 8216, section 3.5)
 */
export function webVtt(cues: readonly Cue[], firstFrameTicks90k: number): string {
  const blocks = cues.map(({ startMs, endMs, settings, text }) => {
    const times = `${cueTime(startMs / 1000)} --> ${cueTime(endMs / 1000)}`;
    return `${settings === '' ? times : `${times} ${settings}`}\n${text}\n`;
  });
  return `WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:${firstFrameTicks90k}\n\n${blocks.join('\n')}`;
}

/** WebVTT, section 3.3: hours may have more than two digits. */
export function cueTime(seconds: number): string {
  const all = Math.round(seconds * 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(all / 3_600_000)}:${two((all / 60_000) % 60)}:${two((all / 1000) % 60)}.${String(all % 1000).padStart(3, '0')}`;
}

/** @throws DomainError bad_language */
export function parseLanguage(text: string): string {
  try {
    const [language] = Intl.getCanonicalLocales(text);
    if (language && text.length <= 35) return language;
  } catch {
    // Said below, as for what is too long.
  }
  throw new DomainError('bad_language', `${JSON.stringify(text.slice(0, 40))} is no language tag (BCP 47).`);
}

/** What a language calls itself. */
export const languageName = (language: string): string =>
  new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;
