import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { wrongInLine } from '../../test/support/wrong-in-line.ts';
import { LOG_EVENTS } from './log-events.ts';
import { LOG_FIELDS } from './log-fields.ts';

/** docs/logs.md is what operators read and what other programs are written against. */
const document = readFileSync(join(import.meta.dirname, '../../docs/logs.md'), 'utf8');

/** The rows of all tables with so many columns. */
const rows = [...document.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)].map(
  ([, name = '', second = '', third = '']) => ({
    name,
    second,
    third,
  }),
);
const eventRows = rows.filter(({ name }) => !(name in LOG_FIELDS) || name in LOG_EVENTS);
const fieldRows = rows.filter(({ name }) => name in LOG_FIELDS);

/** `ids` stands for these. */
const IDS = ['videoId', 'jobId', 'taskId', 'attempt'];

/** A cell as the list of events has it: `a`, `b`? is "a b?". */
const fieldsIn = (cell: string): string[] =>
  cell.split(', ').flatMap((word) => {
    const [, ids, mark = ''] = /^(ids)(\?)?$/.exec(word) ?? [];
    return ids ? IDS.map((id) => `${id}${mark}`) : word.replaceAll('`', '');
  });

test('the document has a row for every event, with the fields that the compiler allows', () => {
  const documented = Object.fromEntries(eventRows.map(({ name, third }) => [name, fieldsIn(third).toSorted()]));
  const listed = Object.entries(LOG_EVENTS).map(([event, fields]) => [event, fields.split(' ').toSorted()]);
  assert.deepEqual(documented, Object.fromEntries(listed));
  for (const { name, second } of eventRows) assert.notEqual(second, '', `${name}: when?`);
});

test('the document has a row for every field, with its kind and what it is', () => {
  assert.deepEqual(Object.fromEntries(fieldRows.map(({ name, second }) => [name, second])), LOG_FIELDS);
  for (const { name, third } of fieldRows) assert.notEqual(third, '', name);
});

test('every field belongs to an event', () => {
  const used = new Set(Object.values(LOG_EVENTS).flatMap((fields) => fields.replaceAll('?', '').split(' ')));
  assert.deepEqual(
    Object.keys(LOG_FIELDS).filter((field) => !used.has(field)),
    [],
  );
});

test('the examples are lines as they are logged, one of each event', () => {
  const examples = [...document.matchAll(/^{"level".*}$/gm)].map(([text]) => JSON.parse(text) as { event: string });
  for (const example of examples) assert.deepEqual(wrongInLine(example), [], JSON.stringify(example));
  const events = examples.map(({ event }) => event);
  assert.deepEqual(events.toSorted(), Object.keys(LOG_EVENTS).toSorted());
});
