import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');
export const KUBERNETES = 'deploy/kubernetes';
export const SYSTEMD = 'deploy/systemd';

export const readText = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

export const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .sort()
    .map((name) => join(folder, name));

export const unitFiles = (): string[] => filesOf(SYSTEMD).filter((file) => file.endsWith('.service'));
export const manifestFiles = (): string[] => filesOf(KUBERNETES).filter((file) => file.endsWith('.yaml'));

/** Every file that sets up a deployment. */
export const deployFiles = (): string[] => [
  'Dockerfile',
  'compose.yaml',
  '.env.example',
  ...filesOf(SYSTEMD),
  ...filesOf(KUBERNETES),
];

/** The documents of a YAML file. @throws where one cannot be parsed, or names a key twice */
export function documents<Document>(file: string): Document[] {
  return parseAllDocuments(readText(file), { merge: true, uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('; ')}`);
    return document.toJS() as Document;
  });
}

/** `NAME=value` lines, of env files and of units. */
export function assignments(text: string): Record<string, string> {
  const found = [...text.matchAll(/^(?:Environment=)?(MILLRACE_\w+)=(.*)$/gm)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]));
}
