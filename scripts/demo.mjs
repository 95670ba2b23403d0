// `npm run demo`: sets up what is missing, then shows all of Millrace (prove/demo/demo.ts).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, ensurePrograms, nodePath, ROOT, Trouble } from './setup.mjs';

try {
  ensureModules();
  ensureFfmpeg();
  ensurePrograms({ chromium: 'chromium' });
  ensurePages();
  const args = [join(ROOT, 'prove/demo/demo.ts'), ...process.argv.slice(2)];
  const child = spawn(nodePath(), args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal, and it stops what it started; this process only waits for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}
