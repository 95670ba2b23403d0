import { readdir, readFile } from 'node:fs/promises';
import type { Instance } from './instance.ts';

/** Pid of a child as the supervisor last started it. */
export async function childPid(instance: Instance, child: string): Promise<number> {
  const logs = await instance.logs();
  const started = logs.filter((line) => line.event === 'child_started' && line.child === child).at(-1);
  if (!started) throw new Error(`${child} was never started`);
  return Number(started.pid);
}

/** Command lines of running processes that belong to a data folder: by their arguments or their environment. */
export async function aliveProcesses(data: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(pids.map((pid) => commandIfOf(pid, data)));
  return found.filter((command) => command !== undefined);
}

async function commandIfOf(pid: string, data: string): Promise<string | undefined> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [command, environment] = await Promise.all([read('cmdline'), read('environ')]);
  return command.includes(data) || environment.includes(data) ? command.replaceAll('\0', ' ') : undefined;
}
