import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCommand } from './parse-command.ts';

test('commands are understood', () => {
  for (const command of [
    { command: 'play' },
    { command: 'pause' },
    { command: 'seek', seconds: 12.5 },
    { command: 'mute', muted: false },
  ])
    assert.deepEqual(parseCommand({ target: 'millrace', ...command }), command);
});

test('what is meant for somebody else, or incomplete, is left alone', () => {
  for (const data of [
    { command: 'play' },
    { target: 'other', command: 'play' },
    { target: 'millrace', command: 'seek', seconds: '12' },
    { target: 'millrace', command: 'seek', seconds: Number.NaN },
    { target: 'millrace', command: 'mute' },
    { target: 'millrace', command: 'delete' },
  ])
    assert.equal(parseCommand(data), undefined, JSON.stringify(data));
  fc.assert(fc.property(fc.anything(), (data) => assert.equal(parseCommand(data), undefined)));
});
