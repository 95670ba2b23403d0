import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

/** Every promise of docs/guarantees.md has tests, which exist under that name and are run. */
const ROOT = resolve(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8');

type Promised = { readonly claim: string; readonly tests: readonly { readonly file: string; readonly name: string }[] };

/** A promise is a paragraph that begins in bold, above the limitations; its tests are the list below it. */
function promisesOf(page: string): Promised[] {
  const [promises = ''] = page.split('\n## Limitations');
  const parts = promises.split(/^(?=\*\*|## )/m).filter((part) => part.startsWith('**'));
  return parts.map((part) => ({
    claim: part.slice(2, part.indexOf('**', 2)),
    tests: [...part.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, file = '', name = '']) => ({ file, name })),
  }));
}

/** Names of the tests of a file, with `…` for what varies; skipped ones and those left to do are none. */
function testsIn(file: string): string[] {
  if (!existsSync(join(ROOT, file))) return [];
  const calls = readFileSync(join(ROOT, file), 'utf8').matchAll(/\btest\(\s*(['"`])(.+?)\1,\s*(\{[^}]*\})?/g);
  return [...calls]
    .filter(([, , , options = '']) => !/\b(skip|todo)\b/.test(options))
    .map(([, , name = '']) => name.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll('\\u2019', '’'));
}

/** What is wrong with the promises of a page, in words. */
const unproven = (page: string): string[] =>
  promisesOf(page).flatMap(({ claim, tests }) => {
    if (tests.length === 0) return [`no test shows: ${claim}`];
    const lost = tests.filter(({ file, name }) => !testsIn(file).includes(name));
    return lost.map(({ file, name }) => `${file} has no test "${name}", which is to show: ${claim}`);
  });

test('every promise has tests behind it', () => {
  assert.ok(promisesOf(PAGE).length >= 25, 'the page is read');
  assert.deepEqual(unproven(PAGE), []);
});

test('a promise without a test, or with one that is gone, is found out', () => {
  const page = [
    '## A',
    '**Bare.** Nothing below it.',
    '**Lost.** Its test is gone.\n\n- `test/guarantees.test.ts`: it was here',
    '**Shown.**\n\n- `test/guarantees.test.ts`: every promise has tests behind it',
    '## Limitations',
    '**Not one of them.**',
  ].join('\n\n');
  assert.deepEqual(unproven(page), [
    'no test shows: Bare.',
    'test/guarantees.test.ts has no test "it was here", which is to show: Lost.',
  ]);
});

test('what shows a promise is run by npm test', () => {
  const runner = readFileSync(join(ROOT, 'scripts/test.mjs'), 'utf8');
  for (const { file } of promisesOf(PAGE).flatMap(({ tests }) => tests)) {
    const [, folder] = /^(test\/\w+)\//.exec(file) ?? [];
    assert.ok(folder && runner.includes(`testsBelow('${folder}')`), `${file} is in no part`);
    assert.doesNotMatch(file, /\/s3-/, 'those need servers');
  }
});
