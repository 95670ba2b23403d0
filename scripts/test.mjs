// `npm test`: sets up what a fresh machine lacks, then checks everything that needs no other server: the quick parts one
// by one, then the long ones two at a time, since most of them wait more than they compute. After a part has failed none
// is begun; what failed stands last. `npm test -- unit flow` runs only these parts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureFfmpeg, ensureModules, ensurePages, ensurePrograms, nodePath, ROOT, Trouble } from './setup.mjs';

const node = (...args) => [nodePath(), args];
const modules = (path) => join(ROOT, 'node_modules', path);
/** Whole platforms and encoders fill the machine: one file at a time. */
const ONE_BY_ONE = '--test-concurrency=1';
/** Longer than any file takes on a busy machine: what hangs is named and fails, and does not use up the time of all. */
const DEADLINE_MS = 30 * 60_000;

/** What holds the files of the project against one another. */
const OF_THE_TREE = ['tidy', 'guarantees', 'commands'].map((name) => `test/${name}.test.ts`);

/** The quick parts, in the order of their run. */
const QUICK = {
  types: () => [
    node(modules('typescript/bin/tsc'), '-p', 'tsconfig.json'),
    node(modules('typescript/bin/tsc'), '-p', 'web/tsconfig.json'),
  ],
  lint: () => [node(modules('@biomejs/biome/bin/biome'), 'ci', '.')],
  unit: () => [tests([], [...OF_THE_TREE, ...['src', 'web/src', 'prove'].flatMap(testsBelow)])],
};

/** The long parts, begun in this order: those that play in real time run beside those that encode. */
const LONG = {
  // The S3 contract needs real servers: .ci/run starts them.
  contract: () => [
    tests(
      [ONE_BY_ONE],
      testsBelow('test/contract').filter((file) => !file.includes('/s3-')),
    ),
  ],
  deploy: () => [tests([ONE_BY_ONE], testsBelow('test/deploy'))],
  flow: () => [tests([ONE_BY_ONE], testsBelow('test/flow'))],
  media: () => [tests([ONE_BY_ONE], testsBelow('test/media'))],
  browser: () => [tests([ONE_BY_ONE], testsBelow('test/browser'))],
  fault: () => [tests([ONE_BY_ONE], testsBelow('test/fault'))],
};
const LANES = 2;

/** Run by name only, with the servers that scripts/s3-servers.mjs starts. */
const EXTRA = {
  s3: () => [
    tests(
      [ONE_BY_ONE],
      [...testsBelow('test/contract').filter((file) => file.includes('/s3-')), 'test/flow/whole-path.test.ts'],
    ),
  ],
};
const PARTS = { ...QUICK, ...LONG, ...EXTRA };

try {
  ensureModules();
  ensureFfmpeg();
  // Hosts of their own take network namespaces, which no other system has.
  ensurePrograms({ chromium: 'chromium', ...(process.platform === 'linux' ? { ip: 'iproute2' } : {}) });
  ensurePages();
  const named = process.argv.slice(2);
  for (const name of named)
    if (!PARTS[name]) throw new Trouble(`there is no part "${name}", only ${Object.keys(PARTS)}`);
  for (const name of named.length > 0 ? named : Object.keys(QUICK)) await runPart(name);
  if (named.length === 0) await runInLanes(Object.keys(LONG));
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`\nnpm test: ${error.message}`);
  process.exitCode = 1;
}

/** Parts that run when another one fails are let finish, so that they end what they started. */
async function runInLanes(waiting) {
  const failures = [];
  const lane = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      await runPart(name, `${name.padEnd(8)} │ `).catch((error) => {
        failures.push(error);
        waiting.length = 0;
      });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw new Trouble(failures.map(({ message }) => message).join('\n'));
}

async function runPart(name, prefix = '') {
  const startedMs = Date.now();
  console.log(`\n── ${name}`);
  for (const [program, args] of PARTS[name]()) {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const failed = [];
    for await (const line of createInterface({ input: child.stdout })) {
      console.log(prefix + line);
      // What node prints at the end: each failed test with its reason.
      if (failed.length > 0 || line.includes('failing tests:')) failed.push(line);
    }
    if ((await ended)[0] === 0) continue;
    const again = `the part "${name}" failed: see above. Again alone: npm test -- ${name}`;
    throw new Trouble(prefix && failed.length > 0 ? `\n${failed.join('\n')}\n${again}` : again);
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
