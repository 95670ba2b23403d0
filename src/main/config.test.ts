import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, parseConfig } from './config.ts';
import { assertGuarded } from './guard-listening.ts';

test('without any setting there is a working configuration, on loopback', () => {
  const config = parseConfig({ PATH: '/bin' });
  assert.equal(config.MILLRACE_HOST, '127.0.0.1');
  assert.equal(config.MILLRACE_WORKERS, 2);
  assert.ok(Object.isFrozen(config));
  assert.equal('PATH' in config, false);
});

test('numbers come as numbers, and an empty setting is one that was not given', () => {
  const config = parseConfig({ MILLRACE_PORT: '9000', MILLRACE_WORKERS: '0', MILLRACE_SECRET: '', MILLRACE_DATA: '' });
  assert.equal(config.MILLRACE_PORT, 9000);
  assert.equal(config.MILLRACE_WORKERS, 0);
  assert.equal(config.MILLRACE_SECRET, undefined);
  assert.equal(config.MILLRACE_DATA, './data');
});

test('a worker may know several orchestrators', () => {
  const config = parseConfig({ MILLRACE_ORCHESTRATOR_URL: 'http://a:8081, https://b' });
  assert.deepEqual(config.MILLRACE_ORCHESTRATOR_URL, ['http://a:8081', 'https://b']);
});

/** A wrong value for each setting that can be wrong. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  MILLRACE_PORT: ['-1', '65536', 'http', '80.5'],
  MILLRACE_DATABASE_URL: ['mysql://x', '/var/lib', 'localhost'],
  MILLRACE_STORE: ['http://bucket', '/folder', 's3:bucket'],
  MILLRACE_SECRET: ['short'],
  MILLRACE_WORKER_TOKEN: ['fifteen letters'],
  MILLRACE_API_KEYS: ['short', 'a-key-of-this-test,short', 'a key that has spaces', 'a-key-of-this-test,'],
  MILLRACE_WORKERS: ['-1', '65', 'two', '1.5'],
  MILLRACE_ORCHESTRATOR_URL: ['localhost', 'http://a:8081,', 'http://a:8081,b', 'ftp://a'],
  MILLRACE_WORKER_MEMORY_MIB: ['0', '63', 'all'],
  MILLRACE_EDGE_CACHE_BYTES: ['0', '-1', '1 GB'],
  MILLRACE_MAX_UPLOAD_BYTES: ['0', 'all'],
  MILLRACE_LEASE_SECONDS: ['1', '3601', 'long'],
  MILLRACE_RECONCILE_SECONDS: ['0', '3601', 'often'],
  MILLRACE_LADDER: ['best', 'none'],
  MILLRACE_CODECS: ['vp9', 'hevc', 'h264,h266'],
  MILLRACE_LOG_LEVEL: ['loud', 'INFO'],
};

for (const [name, values] of Object.entries(WRONG))
  test(`a wrong ${name} stops the start with its name`, () => {
    for (const value of values)
      assert.throws(
        () => parseConfig({ [name]: value }),
        (error) => error instanceof ConfigError && error.message.startsWith(`${name}:`),
        `${name}=${value}`,
      );
  });

test('the API may be reached from elsewhere once there are keys, of the environment or of the database', async () => {
  const MILLRACE_HOST = '0.0.0.0';
  const config = parseConfig({ MILLRACE_HOST, MILLRACE_API_KEYS: 'a-key-of-this-test, another-key-of-it' });
  assert.deepEqual(config.MILLRACE_API_KEYS, ['a-key-of-this-test', 'another-key-of-it']);
  const without = async () => false;
  await assertGuarded(config, without);
  await assertGuarded(parseConfig({ MILLRACE_HOST }), async () => true);
  await assertGuarded(parseConfig({}), without);
  await assert.rejects(
    assertGuarded(parseConfig({ MILLRACE_HOST }), without),
    /^ConfigError: MILLRACE_HOST: .*API keys/,
  );
});

test('all wrong settings are named at once', () => {
  assert.throws(() => parseConfig({ MILLRACE_PORT: 'x', MILLRACE_SECRET: 'y', MILLRACE_LOG_LEVEL: 'z' }), {
    message: /^MILLRACE_PORT: .+\nMILLRACE_SECRET: .+\nMILLRACE_LOG_LEVEL: .+$/,
  });
});

test('a setting that does not exist, as after a slip of the pen, stops the start', () => {
  assert.throws(() => parseConfig({ MILLRACE_WORKER: '4' }), {
    message: /^MILLRACE_WORKER: there is no such setting$/,
  });
  parseConfig({ MILLRACE_TEST_MEDIA: '/clips' });
});
