// The way into Millrace on a machine that has only some Node ≥ 20, npm and a package registry: installs what is
// missing, builds the pages when they are stale, and runs the command with the Node that the project brings along.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, nodePath, ROOT, Trouble } from './setup.mjs';

const [command = 'help', ...rest] = process.argv.slice(2);

/** As in src/main/instance-children.ts, which says why. */
const NODE_FLAGS = { 'upload-api': ['--max-semi-space-size=1'], public: ['--max-semi-space-size=1'] };

try {
  ensureModules();
  if (command === 'up') {
    ensureFfmpeg();
    ensurePages();
  }
  run([...(NODE_FLAGS[command] ?? []), join(ROOT, 'src/main/cli.ts'), command, ...rest]);
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`millrace: ${error.message}`);
  process.exitCode = 1;
}

function run(args) {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/millrace-compile') };
  const child = spawn(nodePath(), args, { stdio: 'inherit', env });
  // Ctrl-C reaches the child by the terminal; this process only waits for it. What is sent to this one alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
}
