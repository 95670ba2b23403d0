import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Even one that waits for a slow store reads or computes something in this time. */
export const HUNG_MS = 60_000;
const LOOKS = 10;

/**
 * Calls back once when a tool does nothing at all for a while: no byte comes out of any pipe, and it uses no CPU time.
 * A slow machine trips nothing, since looks are counted, and a tool that waits for us to read does not hang. What goes
 * round in circles uses time and is left to the deadline. Where no /proc tells of CPU time, nothing is watched.
 */
export function watchProgress(
  child: ChildProcess,
  onHung: () => void,
  hungMs = HUNG_MS,
  activityOf = readActivity,
): Disposable {
  let before = activityOf(child);
  let idleLooks = 0;
  const timer = setInterval(() => {
    const now = activityOf(child);
    idleLooks = now === undefined || now !== before ? 0 : idleLooks + 1;
    before = now;
    if (idleLooks < LOOKS) return;
    clearInterval(timer);
    onHung();
  }, hungMs / LOOKS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Changes whenever the tool does something; undefined where that cannot be told, or where it waits for us. */
function readActivity({ pid, stdio }: ChildProcess): string | undefined {
  const outputs = stdio.slice(2) as (Socket | null)[];
  if (outputs.some((output) => output !== null && output.readableLength > 0)) return undefined;
  const cpu = cpuTicksOf(pid);
  if (cpu === undefined) return undefined;
  const bytes = outputs.reduce((sum, output) => sum + (output?.bytesRead ?? 0), 0);
  return `${cpu} ${bytes}`;
}

/** User and system time stand as the 14th and 15th field of /proc/pid/stat; the second one may hold anything. */
function cpuTicksOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    // Gone, or a system without /proc.
    return undefined;
  }
}
