import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type LogLine = {
  readonly event: string;
  readonly time: string;
  readonly node: string;
  readonly role: string;
  readonly videoId?: string;
  readonly jobId?: string;
  readonly taskId?: string;
  readonly attempt?: number;
  readonly [field: string]: unknown;
};

/** Every line that the processes of a stack have logged. The last line of a killed one may be torn. */
export async function readLogs(folder: string): Promise<LogLine[]> {
  const files = await readdir(join(folder, 'logs'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, 'logs', file), 'utf8')));
  return texts.flatMap((text) => text.split('\n')).flatMap(parseLine);
}

function parseLine(text: string): LogLine[] {
  if (!text.startsWith('{"level"')) return [];
  try {
    return [JSON.parse(text) as LogLine];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
