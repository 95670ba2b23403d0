// `npm run demo:failures`: sets up what is missing, then breaks the platform and judges (prove/failures/prove.ts).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, nodePath, ROOT, Trouble } from './setup.mjs';

try {
  ensureModules();
  ensureFfmpeg();
  ensurePages();
  const args = [join(ROOT, 'prove/failures/prove.ts'), ...process.argv.slice(2)];
  const child = spawn(nodePath(), args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal, and it stops what it started; this process only waits for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`demo:failures: ${error.message}`);
  process.exitCode = 1;
}
