import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { LOG_EVENTS } from '../src/domain/log-events.ts';

/** What a reader relies on without being told: the arrows between folders, names of files, no loose ends. */
const ROOT = resolve(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const code = tracked.filter((file) => /\.tsx?$/.test(file));
const sources = code.filter((file) => file.startsWith('src/') && !file.endsWith('.test.ts'));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const STAGES = ['upload', 'orchestrate', 'transcode', 'serve', 'route'];
/** Who may import whom, by folder below src; `main` may import everything. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  lib: ['lib'],
  ...Object.fromEntries(STAGES.map((stage) => [stage, [stage, 'domain', 'lib']])),
  adapters: ['adapters', 'domain', 'lib'],
};

const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, path = '']) => path);
const folderOf = (file: string): string => file.split('/')[1] ?? '';

test('imports follow the arrows: stages know domain and lib, never one another', () => {
  for (const file of sources) {
    const allowed = ARROWS[folderOf(file)];
    if (!allowed) continue;
    for (const path of importsOf(file).filter((path) => path.startsWith('.'))) {
      const target = relative(ROOT, resolve(ROOT, dirname(file), path));
      assert.ok(allowed.includes(folderOf(target)), `${file} imports ${target}`);
    }
  }
});

test('the domain is pure: it imports nothing from outside, not even Node', () => {
  for (const file of sources.filter((path) => path.startsWith('src/domain/')))
    assert.deepEqual(
      importsOf(file).filter((path) => !path.startsWith('.')),
      [],
      file,
    );
});

test('the pages import only types of the domain', () => {
  for (const file of code.filter((path) => path.startsWith('web/') && !path.endsWith('.test.ts')))
    for (const [line] of read(file).matchAll(/import[^;]*from\s*['"][^'"]*\/src\/[^'"]+['"]/g))
      assert.match(line, /^import type [^;]*\/src\/domain\//, `${file}: ${line}`);
});

test('time and chance are handed in: only main and adapters ask for them', () => {
  const inner = sources.filter((file) => !/^src\/(main|adapters)\//.test(file) && file !== 'src/lib/log.ts');
  for (const file of inner)
    assert.doesNotMatch(read(file), /\bDate\.now\(|\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, file);
});

test('only the composition root reads the environment', () => {
  for (const file of sources.filter((path) => !path.startsWith('src/main/')))
    assert.doesNotMatch(read(file), /process\.env\b/, file);
});

test('files are named in kebab-case and export by name', () => {
  for (const file of code.filter((path) => !path.endsWith('vite.config.ts'))) {
    assert.match(file, /^[a-z0-9./-]+$/, file);
    assert.doesNotMatch(read(file), /^export default/m, file);
  }
});

test('files are short enough to be read', () => {
  const long = sources.filter((file) => read(file).split('\n').length > 250);
  assert.deepEqual(long, []);
});

test('there are no loose ends: no marks of unfinished work, no skipped tests, no way round the types', () => {
  const marks = new RegExp(
    ['TO' + 'DO', 'FIX' + 'ME', 'test\\.sk' + 'ip', '\\.on' + 'ly\\(', '@ts-ig' + 'nore'].join('|'),
  );
  for (const file of code) assert.doesNotMatch(read(file), marks, file);
});

test('every log event is logged somewhere, and described in docs/logs.md', () => {
  const all = sources
    .filter((file) => file !== 'src/domain/log-events.ts')
    .map(read)
    .join('\n');
  const docs = read('docs/logs.md');
  for (const event of Object.keys(LOG_EVENTS)) {
    assert.ok(all.includes(`'${event}'`), `${event} is never logged`);
    assert.ok(docs.includes(`\`${event}\``), `${event} is not in docs/logs.md`);
  }
});

test('links between documents lead somewhere', () => {
  for (const file of tracked.filter((path) => path.endsWith('.md')))
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^(https?:|mailto:)/.test(target)) continue;
      assert.ok(existsSync(resolve(ROOT, dirname(file), target)), `${file} links to ${target}`);
    }
});

test('no shared dependency is unused', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const text = code.map(read).join('\n');
  for (const name of Object.keys(dependencies))
    assert.ok(text.includes(`'${name}'`) || text.includes(`'${name}/`), `${name} is imported nowhere`);
});
