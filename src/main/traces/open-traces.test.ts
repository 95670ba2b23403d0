import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../config.ts';
import { openTraces } from './open-traces.ts';

const SOURCES = resolve(import.meta.dirname, '../..');
const options = { role: 'edge', node: 'edge-1', version: '0', onLost: () => {} };
const ENDPOINT = 'http://127.0.0.1:9';

test('without a collector there is nothing, also where traces are turned off', async () => {
  const off = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SDK_DISABLED: 'true' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
  ];
  for (const environment of off) assert.equal(await openTraces(environment, options), undefined);
});

test('OpenTelemetry is imported by one file, which is loaded only when it is wanted', () => {
  const files = globSync('**/*.ts', { cwd: SOURCES }).filter((file) => !file.endsWith('.test.ts'));
  const having = (pattern: RegExp): string[] =>
    files.filter((file) => pattern.test(readFileSync(join(SOURCES, file), 'utf8'))).map((file) => file);
  assert.deepEqual(having(/from '@opentelemetry\//), ['adapters/otlp-spans.ts']);
  assert.deepEqual(having(/from '[^']*otlp-spans\.ts'/), []);
  assert.deepEqual(having(/await import\('[^']*otlp-spans\.ts'\)/), ['main/traces/open-traces.ts']);
});

test('a sampler that does not exist stops the start, with its name', async () => {
  const wrong = [
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, /^OTEL_TRACES_SAMPLER: /],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, /^OTEL_TRACES_SAMPLER_ARG: /],
  ] as const;
  for (const [environment, message] of wrong)
    await assert.rejects(
      openTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, ...environment }, options),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
});

test('the share that is kept decides where a trace begins, and who asked decides where one goes on', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
  const traces = await openTraces(environment, options);
  assert.equal(traces?.begin(undefined), undefined);
  assert.equal(traces?.join(undefined), undefined);
  const from = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  for (const point of [traces?.begin(from), traces?.join(from)])
    assert.deepEqual([point?.traceId, point?.parentId], ['a'.repeat(32), 'b'.repeat(16)]);
  await traces?.close();
});
