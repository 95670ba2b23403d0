import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { wrongInLine } from '../../test/support/wrong-in-line.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

for (const file of ['abr.md', 'abr/report.md'])
  test(`the lines that docs/${file} shows are such as an edge logs today`, () => {
    const shown = readFileSync(join(DOCS, file), 'utf8').match(/^\{.*"event":"rendition_switched"\}$/gm) ?? [];
    assert.ok(shown.length > 0, 'it shows none');
    for (const line of shown) assert.deepEqual(wrongInLine(JSON.parse(line)), []);
  });
