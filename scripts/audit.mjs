// `node scripts/audit.mjs`: asks the registry for known holes in what runs in production. Ends with 1 where it names one
// of high severity or above. Where it cannot be asked, that is said, and nothing is proven: it ends with 0.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DEADLINE_MS = 60_000;
const SEVERE = ['high', 'critical'];

const { stdout = '', error } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  cwd: ROOT,
  encoding: 'utf8',
  timeout: DEADLINE_MS,
  // Without it npm asks three times, with pauses of minutes.
  env: { ...process.env, npm_config_fetch_retries: '0' },
});
const report = parse(stdout);
const counts = report?.metadata?.vulnerabilities;

if (counts === undefined) {
  const why = error?.message || report?.error?.summary || report?.message || 'it gave no report';
  console.log(`audit: NOT DONE, the registry cannot be asked (${String(why).trim().split('\n')[0]})`);
} else {
  const bad = Object.values(report.vulnerabilities).filter(({ severity }) => SEVERE.includes(severity));
  for (const { name, severity, range } of bad) console.error(`audit: ${name} ${range} has a hole (${severity})`);
  console.log(
    `audit: ${counts.total} known in ${report.metadata.dependencies.prod} dependencies, ${bad.length} severe`,
  );
  if (bad.length > 0) process.exitCode = 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Said above: no report.
    return undefined;
  }
}
