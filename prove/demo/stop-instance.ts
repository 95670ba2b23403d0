import { existsSync } from 'node:fs';
import type { Instance } from '../../test/support/instance.ts';
import { aliveProcesses } from '../../test/support/processes.ts';
import type { Outcome } from './steps.ts';
import { until } from './until.ts';

/** Where Ctrl-C told `up` to stop at the same moment, its processes may take this long. */
const END_DEADLINE_MS = 30_000;

/** `millrace stop`, until no process of the instance is left. */
export async function stopInstance(instance: Instance): Promise<void> {
  await instance.stop();
  const isGone = async () => (await aliveProcesses(instance.data)).length === 0 || undefined;
  await until('no process is left', isGone, { deadlineMs: END_DEADLINE_MS, signal: new AbortController().signal });
}

/** Closes all that was opened, the instance too, each whatever becomes of the others; then looks whether anything stayed. */
export async function stopAll(
  opened: AsyncDisposableStack,
  { instance, folder }: { instance: Instance; folder: string },
): Promise<Outcome<undefined>> {
  await opened.disposeAsync();
  const doesAnswer = await fetch(`${instance.url}/health`).then(
    () => true,
    () => false,
  );
  const isKept = existsSync(folder);
  return {
    seen: `stopped; no process is left, and ${isKept ? 'the folder is kept' : 'the folder is gone'}`,
    wrong: doesAnswer ? ['something answers still'] : [],
    gives: undefined,
  };
}
