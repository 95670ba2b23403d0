import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Edge } from '../route/pick-edge.ts';
import type { Config } from './config.ts';
import { parseEdges } from './edge-list.ts';

/** A process that answers `/health`. */
export type KnownRole = { readonly name: string; readonly url: string };

const fileOf = (data: string): string => join(data, 'run', 'roles');

/** Notes where the processes of an instance listen, for whoever is given a name, and for pages about all of them. */
export const noteRoles = (data: string, roles: readonly KnownRole[]): Promise<void> =>
  writeFile(fileOf(data), `${roles.map(({ name, url }) => `${name}=${url}`).join(',')}\n`);

/** Those of the instance of the data folder; none where roles are started singly. */
export async function knownRoles(data: string): Promise<readonly KnownRole[]> {
  const noted = await readFile(fileOf(data), 'utf8').catch(() => '');
  return noted === '' ? [] : parseEdges(noted.trim());
}

/** The edges of the setting where it lists them, else those of the instance of the data folder. */
export async function knownEdges({ MILLRACE_EDGES: setting, MILLRACE_DATA: data }: Config): Promise<readonly Edge[]> {
  if (setting.includes('=')) return parseEdges(setting);
  return (await knownRoles(data)).filter(({ name }) => name.startsWith('edge-'));
}
