import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Sandbox } from './sandbox.ts';

/** Those that some task may ask for. */
const ENCODERS_IN_USE = ['libx264', 'aac', 'libx265', 'libsvtav1'];
const DEADLINE_MS = 20_000;

/** What the worker's ffmpeg can encode with, of what we use: builds differ. */
export async function findEncoders({ prefix, env }: Sandbox): Promise<string[]> {
  const [command = 'ffmpeg', ...args] = [...prefix, 'ffmpeg', '-hide_banner', '-encoders'];
  const { stdout } = await promisify(execFile)(command, args, { env, timeout: DEADLINE_MS });
  return parseEncoders(stdout);
}

/** A line is six letters of flags, the name, and a description. */
export function parseEncoders(list: string): string[] {
  const names = new Set([...list.matchAll(/^ [A-Z.]{6} (\S+)/gm)].map(([, name]) => name));
  return ENCODERS_IN_USE.filter((name) => names.has(name));
}
