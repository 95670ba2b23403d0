import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

/** The audit of dependencies, with an npm that says what the real one would. */
const SCRIPT = resolve(import.meta.dirname, '../../scripts/audit.mjs');

async function audit(said: unknown): Promise<{ status: number | null; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-audit-'));
  try {
    await writeFile(join(folder, 'report.json'), JSON.stringify(said));
    await writeFile(join(folder, 'npm'), `#!/bin/sh\ncat '${join(folder, 'report.json')}'\nexit 1\n`);
    await chmod(join(folder, 'npm'), 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { env, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const report = (severity: string) => ({
  auditReportVersion: 2,
  vulnerabilities: { leaky: { name: 'leaky', severity, range: '<1.2.3' } },
  metadata: { vulnerabilities: { total: 1 }, dependencies: { prod: 200 } },
});

test('a severe hole fails the audit and is named; a lesser one is counted', async () => {
  const severe = await audit(report('high'));
  assert.equal(severe.status, 1);
  assert.match(severe.output, /leaky <1\.2\.3 has a hole \(high\)/);
  const lesser = await audit(report('low'));
  assert.deepEqual([lesser.status, lesser.output], [0, 'audit: 1 known in 200 dependencies, 0 severe\n']);
});

test('a registry that cannot be asked is said plainly, and nothing is called safe', async () => {
  for (const said of [{ error: { summary: 'getaddrinfo ENOTFOUND\nmore' } }, { message: 'no such endpoint' }, 'x']) {
    const { status, output } = await audit(said);
    assert.equal(status, 0);
    assert.match(output, /^audit: NOT DONE, the registry cannot be asked \((getaddrinfo ENOTFOUND|no such|it gave no)/);
  }
});
