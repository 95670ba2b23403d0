import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTextSigner } from '../../lib/sign-text.ts';
import type { Edge } from '../../route/pick-edge.ts';
import { DRAIN_PURPOSE } from '../../serve/drain.ts';
import { type Config, ConfigError } from '../config.ts';
import { knownEdges } from '../known-roles.ts';

const USAGE = 'usage: millrace edge drain|undrain <name or http://host:port>';
const CALL_DEADLINE_MS = 5_000;

/** Tells an edge to drain before it is ended, or that it may stay after all. */
export async function edge([verb, which]: readonly string[], config: Config): Promise<void> {
  if ((verb !== 'drain' && verb !== 'undrain') || which === undefined) throw new ConfigError(USAGE);
  const { name, url } = await findEdge(which, config);
  const token = createTextSigner(await secretOf(config)).sign(DRAIN_PURPOSE);
  const response = await fetch(`${url}/drain`, {
    method: verb === 'drain' ? 'POST' : 'DELETE',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(CALL_DEADLINE_MS),
  }).catch((cause: unknown) => {
    throw new ConfigError(`${name} does not answer at ${url}`, { cause });
  });
  if (!response.ok) throw new ConfigError(`${name} refused: ${await response.text()}`);
  console.log(
    verb === 'drain' ? `${name} drains: its sessions move away within seconds.` : `${name} takes sessions again.`,
  );
}

async function findEdge(which: string, config: Config): Promise<Edge> {
  if (/^http:\/\//.test(which)) return { name: which, url: which.replace(/\/$/, '') };
  const edges = await knownEdges(config);
  const found = edges.find(({ name }) => name === which);
  if (found) return found;
  const names = edges.map(({ name }) => name).join(', ') || 'none is known';
  throw new ConfigError(`There is no edge "${which}" (${names}).`);
}

async function secretOf(config: Config): Promise<string> {
  const kept = config.MILLRACE_SECRET ?? (await readFile(join(config.MILLRACE_DATA, 'secret'), 'utf8').catch(() => ''));
  if (kept.trim() === '') throw new ConfigError('MILLRACE_SECRET: must be the one of the edge');
  return kept.trim();
}
