/** What a reader of the report looks for: beginnings and ends, failures, and what followed. Serving as ever is left out. */
const TELLING =
  /upload|planned|ladder is chosen|failed|attempt [2-9]|ended:|published|succeeded|asked for|switched|left .* out|keeps the session|took .* in again/;
const MOST_LINES = 30;

/** The lines of `millrace explain` that say the most, in order; `…` stands for what is left out. */
export function excerpt(lines: readonly string[]): string[] {
  const endsAt = lines.findIndex((line) => line.startsWith('In all: '));
  const isShown = (line: string, i: number): boolean => i === 0 || (endsAt >= 0 && i >= endsAt) || TELLING.test(line);
  const shown = lines.flatMap((line, i) => (isShown(line, i) ? [{ line, i }] : [])).slice(0, MOST_LINES);
  const all = shown.flatMap(({ line, i }, n) => (n > 0 && shown[n - 1]?.i !== i - 1 ? ['…', line] : [line]));
  return shown.at(-1)?.i === lines.length - 1 ? all : [...all, '…'];
}
