import { CallFailed } from './api-call.ts';

/** Runs a command that talks to a server; what it could not do is one line, and exit code 1. */
export async function orSayWhy(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    console.error(`millrace: ${error.message}.`);
    process.exitCode = 1;
  }
}

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2));

/** A terminal's width; into a file or a pipe nothing is cut. */
export const widthMost = (): number => process.stdout.columns ?? Infinity;

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** How long ago, in one unit: 5 s, 12 min, 3 h, 4 d. */
export function ageOf(iso: string | null, nowMs: number): string {
  if (iso === null) return '';
  const seconds = Math.max(0, (nowMs - Date.parse(iso)) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
