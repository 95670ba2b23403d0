// `npm run demo`, `demo:failures` and `prove:abr`: sets up what is missing, then runs what stands in prove/.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, ensurePrograms, nodePath, ROOT, Trouble } from './setup.mjs';

const PROOFS = {
  demo: { file: 'prove/demo/demo.ts', programs: { chromium: 'chromium' } },
  'demo:failures': { file: 'prove/failures/prove.ts', programs: {} },
  'prove:abr': { file: 'prove/abr/prove.ts', programs: { chromium: 'chromium' } },
};

const [name, ...args] = process.argv.slice(2);
const { file, programs } = PROOFS[name];
try {
  ensureModules();
  ensureFfmpeg();
  ensurePrograms(programs);
  ensurePages();
  const child = spawn(nodePath(), [join(ROOT, file), ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal, and it stops what it started; this process only waits for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`${name}: ${error.message}`);
  process.exitCode = 1;
}
