import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import { callInstance, findInstance } from './instance.ts';
import { isAlive } from './is-alive.ts';

const STOP_DEADLINE_MS = 60_000;
const POLL_MS = 100;

/** Ends the instance of a data folder in order, and returns when nothing of it is left. */
export async function stop(config: Config): Promise<void> {
  const data = resolve(config.MILLRACE_DATA);
  const instance = await findInstance(data);
  if (!instance) return console.log(`No Millrace is running on ${data}.`);
  await callInstance(instance, '/stop');
  const deadline = AbortSignal.timeout(STOP_DEADLINE_MS);
  while (isAlive(instance.pid)) await delay(POLL_MS, undefined, { signal: deadline });
  console.log(`Millrace on ${data} has stopped.`);
}
