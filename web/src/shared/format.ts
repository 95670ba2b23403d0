const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/** Decimal units, as disks and network speeds are sold: 1 kB = 1000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return withUnit(bytes / 1000, ['kB', 'MB', 'GB', 'TB']);
}

export const formatBitrate = (bitsPerSecond: number): string =>
  withUnit(bitsPerSecond / 1000, ['kbit/s', 'Mbit/s', 'Gbit/s']);

export const formatSpeed = (bytesPerSecond: number): string => `${formatBytes(Math.round(bytesPerSecond))}/s`;

/** Two digits or three of precision: 1.2, 12.3, 123. */
function withUnit(value: number, units: readonly string[]): string {
  const steps = stepsOfThousand(value, units.length - 1);
  const scaled = value / 1000 ** steps;
  return `${scaled < 99.95 ? trimmed(scaled.toFixed(1)) : Math.round(scaled)} ${units[steps]}`;
}

const stepsOfThousand = (value: number, most: number): number =>
  Array.from({ length: most }).filter((_, step) => value / 1000 ** step >= 999.5).length;

const trimmed = (text: string): string => text.replace(/\.0$/, '');

/** As players write it: 0:07, 12:34, 1:02:03. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / HOUR_SECONDS);
  const minutes = Math.floor((whole % HOUR_SECONDS) / MINUTE_SECONDS);
  const rest = String(whole % MINUTE_SECONDS).padStart(2, '0');
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}

/** A duration in words that a screen reader reads well. */
export function spokenDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const counts = [
    [Math.floor(whole / HOUR_SECONDS), 'hour'],
    [Math.floor((whole % HOUR_SECONDS) / MINUTE_SECONDS), 'minute'],
    [whole % MINUTE_SECONDS, 'second'],
  ] as const;
  const words = counts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return words.join(' ') || '0 seconds';
}

/** How long something took, as exactly as matters: 0.04 s, 2.4 s, 48 s, 3:20. */
export function formatSpan(seconds: number): string {
  if (seconds < 0.1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return seconds < 99.5 ? `${Math.round(seconds)} s` : formatDuration(seconds);
}

/** How long something will still take, in one unit: nobody needs the seconds of an hour. */
export function formatRemaining(seconds: number): string {
  if (seconds < 1) return 'almost done';
  if (seconds < MINUTE_SECONDS) return `${Math.ceil(seconds)} s left`;
  if (seconds < HOUR_SECONDS) return `${Math.ceil(seconds / MINUTE_SECONDS)} min left`;
  return `${trimmed((seconds / HOUR_SECONDS).toFixed(1))} h left`;
}

/** How long ago something was; the date once that says more. */
export function formatAge(iso: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(iso)) / 1000;
  if (seconds < MINUTE_SECONDS) return 'just now';
  if (seconds < HOUR_SECONDS) return `${Math.floor(seconds / MINUTE_SECONDS)} min ago`;
  if (seconds < DAY_SECONDS) return `${Math.floor(seconds / HOUR_SECONDS)} h ago`;
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(Date.parse(iso));
}

/** Rounded down, so that 100 % is said only when it is. */
export const formatPercent = (fraction: number): string => `${Math.floor(Math.min(Math.max(fraction, 0), 1) * 100)}%`;

export const formatFrameRate = (framesPerSecond: number): string => `${Number(framesPerSecond.toFixed(2))} fps`;

export const formatSize = (widthPx: number | null, heightPx: number | null): string | null =>
  widthPx === null || heightPx === null ? null : `${widthPx} × ${heightPx}`;

/** A language by its English name; a tag that nobody knows stays as it is. */
export function formatLanguage(tag: string): string {
  if (tag === 'und') return 'Unknown language';
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
  } catch {
    // No tag of BCP 47.
    return tag;
  }
}
