// `npm run prove:abr`: sets up what is missing, then plays and judges (prove/abr/prove.ts).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureFfmpeg, ensureModules, ensurePages, ensurePrograms, nodePath, ROOT, Trouble } from './setup.mjs';

try {
  ensureModules();
  ensureFfmpeg();
  ensurePrograms({ chromium: 'chromium' });
  ensurePages();
  const args = [join(ROOT, 'prove/abr/prove.ts'), ...process.argv.slice(2)];
  process.exitCode = spawnSync(nodePath(), args, { stdio: 'inherit' }).status ?? 1;
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`prove:abr: ${error.message}`);
  process.exitCode = 1;
}
