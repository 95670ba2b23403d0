import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

/**
 * Every command that a document shows is run by a test as it stands (`# tested`), or a test stands for it, which is named
 * here: it runs the same thing in another way, or reads what the command would read.
 */
const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** How a command begins; the test that stands for it; what is written there because of it. */
const STOOD_FOR_BY: readonly (readonly [command: string, file: string, says: string])[] = [
  ['npm start', 'test/support/instance.ts', "'up'"],
  ['npm test', '.ci/run', 'npm test'],
  ['npm run prove:abr', 'test/browser/abr.test.ts', 'prove/abr/'],
  ['npm run demo:failures', 'test/fault/demonstrations.test.ts', 'prove/failures/'],
  // Minutes long; its parts have tests of their own, and this one holds the page against the code.
  ['npm run demo', 'prove/demo/report.test.ts', 'docs/demo.md'],
  ["curl -X POST -T clip.mp4 'http://localhost:8080/upload?filename=clip.mp4'", 'test/flow/docs.test.ts', 'README.md'],
  ['split -b 8M', 'test/flow/docs.test.ts', 'docs/object-keys.md'],
  ['millrace explain', 'test/flow/explain.test.ts', "'explain'"],
  ['millrace rebuild', 'test/flow/rebuild.test.ts', "'rebuild'"],
  ['millrace backup', 'test/flow/rebuild.test.ts', "'backup'"],
  ['millrace restore', 'test/flow/rebuild.test.ts', "'restore'"],
  ['millrace gc', 'test/flow/rebuild.test.ts', "'gc'"],
  ['millrace keys', 'test/deploy/api-keys.test.ts', "'keys'"],
  ['OTEL_EXPORTER_OTLP_ENDPOINT=', 'test/flow/observability.test.ts', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  // Images and clusters cannot be had on every machine: what these commands read is tested instead.
  ['cp .env.example', 'test/deploy/deploy-files.test.ts', 'compose.yaml'],
  ['docker compose', 'test/deploy/deploy-files.test.ts', 'compose.yaml'],
  ['install -D', 'test/deploy/deploy-files.test.ts', 'systemd'],
  ['cp deploy/systemd', 'test/deploy/deploy-files.test.ts', 'systemd'],
  ['systemctl', 'test/deploy/deploy-files.test.ts', 'systemd'],
  ['kubectl', 'test/deploy/deploy-files.test.ts', 'kubectl'],
];

/** Pages whose blocks are read and run, all that are marked, by a test of their own. */
const RUN_AS_THEY_STAND: Readonly<Record<string, string>> = {
  'docs/http-api.md': 'test/flow/docs.test.ts',
  'docs/operating.md': 'test/flow/docs.test.ts',
  'docs/webhooks.md': 'test/flow/docs.test.ts',
  'docs/milestones.md': 'test/flow/milestones.test.ts',
  'docs/observability.md': 'test/flow/observability.test.ts',
};

const pages = execFileSync('git', ['ls-files', 'README.md', 'CONTRIBUTING.md', 'docs/*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const blocks = pages
  .trimEnd()
  .split('\n')
  .flatMap((page) => [...read(page).matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, script = '']) => ({ page, script })));

test('the scripts behind npm start and npm run find what they run', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  assert.match(run('scripts/run.mjs', 'help').stdout, /millrace/);
  const unknown = run('scripts/run-proof.mjs', 'demo:failures', 'no-such-name');
  assert.deepEqual([unknown.status, /there is no no-such-name, only worker-killed/.test(unknown.stderr)], [1, true]);
});

test('what a document shows as tested is run by the test of that page', () => {
  const marked = blocks.filter(({ script }) => script.startsWith('# tested\n'));
  assert.ok(marked.length > 20, `${marked.length} blocks`);
  for (const { page } of marked) {
    const file = RUN_AS_THEY_STAND[page];
    assert.ok(file, `${page} has tested commands, and no test`);
    assert.ok(read(file).includes(page), `${file} does not read ${page}`);
  }
});

test('for every other command that a document shows a test is named, which still has to do with it', () => {
  const hosts = read('test/deploy/documented-hosts.ts');
  for (const { page, script } of blocks.filter((block) => !block.script.startsWith('# tested\n'))) {
    // Blocks that begin with their host are the hosts of a test.
    if (/^# hosts? /.test(script)) {
      assert.ok(hosts.includes(page), `${page}: ${script}`);
      continue;
    }
    for (const line of script.trimEnd().split('\n')) {
      const by = STOOD_FOR_BY.find(([command]) => line.startsWith(command));
      assert.ok(by, `${page}: no test stands for: ${line}`);
      const [, file, says] = by;
      assert.ok(read(file).includes(says), `${file} no longer says ${says}: ${line}`);
    }
  }
});
