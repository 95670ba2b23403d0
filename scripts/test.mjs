// `npm test`: sets up what a fresh machine lacks, then checks everything that needs no other server, fast parts first.
// It ends at the first part that fails; what failed stands last. `npm test -- unit flow` runs only these parts.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, ensurePrograms, nodePath, ROOT, Trouble } from './setup.mjs';

const node = (...args) => [nodePath(), args];
const modules = (path) => join(ROOT, 'node_modules', path);
/** Whole platforms and encoders fill the machine: one file at a time. */
const ONE_BY_ONE = '--test-concurrency=1';
/** Longer than any file takes on a busy machine: what hangs is named and fails, and does not use up the time of all. */
const DEADLINE_MS = 30 * 60_000;

const PARTS = {
  types: () => [
    node(modules('typescript/bin/tsc'), '-p', 'tsconfig.json'),
    node(modules('typescript/bin/tsc'), '-p', 'web/tsconfig.json'),
  ],
  lint: () => [node(modules('@biomejs/biome/bin/biome'), 'ci', '.')],
  unit: () => [tests([], ['test/tidy.test.ts', ...['src', 'web/src', 'prove'].flatMap(testsBelow)])],
  deploy: () => [tests([ONE_BY_ONE], testsBelow('test/deploy'))],
  // The S3 contract needs real servers: .ci/run starts them.
  contract: () => [
    tests(
      [ONE_BY_ONE],
      testsBelow('test/contract').filter((file) => !file.includes('/s3-')),
    ),
  ],
  media: () => [tests([ONE_BY_ONE], testsBelow('test/media'))],
  fault: () => [tests([ONE_BY_ONE], testsBelow('test/fault'))],
  flow: () => [tests([ONE_BY_ONE], testsBelow('test/flow'))],
  browser: () => [tests([ONE_BY_ONE], testsBelow('test/browser'))],
};

/** Run by name only, with the servers that scripts/s3-servers.mjs starts. */
const EXTRA_PARTS = {
  s3: () => [
    tests(
      [ONE_BY_ONE],
      [...testsBelow('test/contract').filter((file) => file.includes('/s3-')), 'test/flow/whole-path.test.ts'],
    ),
  ],
};

try {
  ensureModules();
  ensureFfmpeg();
  ensurePrograms({ chromium: 'chromium' });
  ensurePages();
  for (const part of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS)) runPart(part);
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`\nnpm test: ${error.message}`);
  process.exitCode = 1;
}

function runPart(name) {
  const commands = { ...PARTS, ...EXTRA_PARTS }[name];
  if (!commands) throw new Trouble(`there is no part "${name}", only ${Object.keys(PARTS).join(', ')}`);
  const startedMs = Date.now();
  console.log(`\n── ${name}`);
  for (const [program, args] of commands()) {
    const { status } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Trouble(`the part "${name}" failed: see above. Again alone: npm test -- ${name}`);
  }
  console.log(`── ${name} passed after ${Math.round((Date.now() - startedMs) / 1000)} s`);
}

/** No file at all is a failure: nothing would have been tested. */
function tests(flags, files) {
  if (files.length === 0) throw new Trouble('a part has no test file');
  return node('--test', `--test-timeout=${DEADLINE_MS}`, ...flags, ...files);
}

function testsBelow(folder) {
  const files = readdirSync(join(ROOT, folder), { recursive: true });
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}
