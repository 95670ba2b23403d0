import { basename } from 'node:path';
import { parseClientArgs } from './client-args.ts';
import { hashFile } from './hash-file.ts';
import { progressLine } from './progress-line.ts';
import { TryAgain } from './tus-request.ts';
import { uploadFile } from './upload-file.ts';
import { stateFolder, uploadMemory } from './upload-memory.ts';

/** What shells expect of a command that Ctrl-C ended: 128 and the number of the signal. */
const INTERRUPTED = 130;

/** `millrace upload FILE…`: one line of result per file; the exit code is 1 where any was not uploaded. */
export async function upload(args: readonly string[]): Promise<void> {
  const { files, server } = parseUploadArgs(args);
  process.once('SIGINT', () => {
    process.stderr.write('\nStopped. The same command goes on from here.\n');
    process.exit(INTERRUPTED);
  });
  for (const file of files) {
    try {
      await uploadOne(file, server);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const hint = error instanceof TryAgain ? ' The same command goes on from here.' : '';
      console.error(`millrace: ${basename(file)}: ${message}.${hint}`);
      process.exitCode = 1;
    }
  }
}

/** @throws ConfigError */
export function parseUploadArgs(args: readonly string[]): { files: readonly string[]; server: string } {
  const { names, server } = parseClientArgs(args, {}, ({ length }) =>
    length === 0 ? 'upload needs at least one file.' : undefined,
  );
  return { files: names, server };
}

async function uploadOne(file: string, server: string): Promise<void> {
  const show = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  show(`${basename(file)}: reading`);
  const hashed = await hashFile(file);
  const memory = uploadMemory(stateFolder(process.env), server, hashed.contentId);
  let first: { bytes: number; atMs: number } | undefined;
  const onOffset = (bytes: number): void => {
    first ??= { bytes, atMs: performance.now() };
    const seconds = (performance.now() - first.atMs) / 1000;
    show(progressLine(basename(file), { bytes, sizeBytes: hashed.sizeBytes, sentBytes: bytes - first.bytes, seconds }));
  };
  const { videoId, created } = await uploadFile(file, hashed, { server, memory, onOffset }).finally(() => show(''));
  console.log(`${videoId}  ${created ? 'uploaded' : 'already known'}  ${file}`);
}
