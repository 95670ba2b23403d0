import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, ConfigError } from './config.ts';
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
  const endMs = performance.now() + STOP_DEADLINE_MS;
  while (isAlive(instance.pid)) {
    if (performance.now() > endMs)
      throw new ConfigError(
        `Millrace on ${data} did not stop within a minute: process ${instance.pid} is still there.`,
      );
    await delay(POLL_MS);
  }
  console.log(`Millrace on ${data} has stopped.`);
}
