import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, parseConfig } from '../config.ts';
import { explain } from './explain.ts';

const ID = '40frnw934kxvg6vw';

test('without logs it says where it looked for them, which is where the instance writes its own', async () => {
  const data = join(tmpdir(), 'nothing is here');
  await assert.rejects(explain([ID], parseConfig({ MILLRACE_DATA: data })), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.ok(error.message.startsWith('The logs cannot be read: ENOENT'), error.message);
    assert.ok(error.message.includes(join(data, 'logs')), error.message);
    return true;
  });
});

test('what is no id of a session or video is refused in words', async () => {
  for (const args of [[], ['../x'], [ID, '--what']])
    await assert.rejects(explain(args, parseConfig({})), ConfigError, args.join(' '));
});
