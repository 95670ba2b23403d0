import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_EVENTS } from '../../src/domain/log-events.ts';
import { documentedMetrics } from '../support/metrics-text.ts';
import { parsePromql } from '../support/promql.ts';
import { documents, readText } from './deploy-files.ts';

/** test/flow/observability.test.ts holds the table of the document against what roles really tell. */
const known = documentedMetrics(readText('docs/observability.md'));

type Target = { readonly expr: string; readonly legendFormat: string };
type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly Target[];
};
const dashboard = JSON.parse(readText('deploy/grafana/millrace.json')) as { readonly panels: readonly Panel[] };
type Rule = { readonly alert: string; readonly expr: string; readonly annotations: { readonly summary: string } };
const [alerts] = documents<{ groups: { rules: Rule[] }[] }>('deploy/grafana/alerts.yml');
const rules = alerts!.groups.flatMap((group) => group.rules);

/** Of each target that Prometheus scrapes. */
const ADDED = ['instance', 'job'];
const SUFFIX = /_(bucket|sum|count)$/;

/** The labels that a metric may be asked for. @throws where there is no such metric */
function labelsOf(metric: string, text: string): string[] {
  if (metric === 'up') return ADDED;
  const histogram = known.get(metric.replace(SUFFIX, ''));
  const row = known.get(metric) ?? (histogram?.type === 'histogram' ? histogram : undefined);
  assert.ok(row, `there is no ${metric}: ${text}`);
  return [...row.labels, ...ADDED, 'role', ...(metric.endsWith('_bucket') ? ['le'] : [])];
}

/** @returns the labels that its result may have */
function assertAsksForWhatThereIs(expr: string): string[] {
  // What Grafana fills in.
  const text = expr.replaceAll('$__rate_interval', '5m');
  const { selectors, grouping } = parsePromql(text);
  assert.ok(selectors.length > 0, text);
  for (const { metric, matchers } of selectors) {
    const labels = labelsOf(metric, text);
    for (const { label } of matchers) assert.ok(labels.includes(label), `${metric} has no label ${label}: ${text}`);
    for (const label of grouping) assert.ok(labels.includes(label), `${metric} has no label ${label}: ${text}`);
    for (const { label, operator, value } of matchers) if (label === 'event') assertEvents(operator, value);
  }
  return selectors.flatMap(({ metric }) => labelsOf(metric, text));
}

function assertEvents(operator: string, value: string): void {
  const pattern = new RegExp(`^(?:${operator === '=' ? RegExp.escape(value) : value})$`);
  const matching = Object.keys(LOG_EVENTS).filter((event) => pattern.test(event));
  assert.equal(matching.length, value.split('|').length, `events ${value}`);
}

test('the dashboard asks only for metrics, labels and events that there are', () => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  assert.ok(panels.length > 30);
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const { title, targets = [] } of panels) {
    assert.ok(targets.length > 0, title);
    for (const { expr, legendFormat } of targets) {
      const labels = assertAsksForWhatThereIs(expr);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.ok(labels.includes(label), `${title}: ${label}`);
    }
  }
});

test('every metric of a stage is on the dashboard or in an alert, but for a few that only tell how full a cache is', () => {
  const asked = [...dashboard.panels.flatMap(({ targets = [] }) => targets), ...rules]
    .map(({ expr }) => expr)
    .join('\n');
  const left = [...known.keys()].filter((name) => !/_(process|nodejs)_/.test(name) && !asked.includes(name));
  assert.deepEqual(left, [
    'millrace_info',
    'millrace_segments_total',
    'millrace_orchestrator_reachable',
    'millrace_edge_requests_in_flight',
    'millrace_edge_sessions',
    'millrace_edge_hit_ratio',
    'millrace_edge_reads_in_flight',
    'millrace_edge_cache_bytes',
    'millrace_edge_cache_objects',
    'millrace_edge_disk_bytes',
    'millrace_edge_disk_objects',
  ]);
});

test('alerts ask only for what there is, and say what is wrong', () => {
  assert.ok(rules.length > 8);
  for (const { alert, expr, annotations } of rules) {
    assertAsksForWhatThereIs(expr);
    assert.match(annotations.summary, /\w/, alert);
  }
});

test('an expression with a name that does not exist is found', () => {
  assert.throws(() => assertAsksForWhatThereIs('sum(rate(millrace_edge_request_total[5m]))'), /there is no/);
  assert.throws(
    () => assertAsksForWhatThereIs('sum by (video) (rate(millrace_edge_requests_total[5m]))'),
    /no label video/,
  );
  assert.throws(() => assertAsksForWhatThereIs('millrace_open_jobs{event="job_faild"}'), /no label event/);
  assert.throws(() => assertAsksForWhatThereIs('millrace_events_total{event="job_faild"}'), /events job_faild/);
  assert.throws(() => assertAsksForWhatThereIs('avg(millrace_open_jobs)'), /avg is no metric/);
  assert.throws(() => assertAsksForWhatThereIs('sum(millrace_open_jobs'), /is missing/);
});

test('Prometheus scrapes the default port of every role', () => {
  const [config] = documents<{ scrape_configs: { static_configs: { targets: string[] }[] }[]; rule_files: string[] }>(
    'deploy/grafana/prometheus.yml',
  );
  const targets = config!.scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap((one) => one.targets));
  const ports = ['public', 'orchestrator', 'worker', 'router', 'edge'].map((role) => {
    const [, port = ''] = /_?PORT = (\d+);/.exec(readText(`src/main/roles/${role}.ts`)) ?? [];
    return `127.0.0.1:${port}`;
  });
  assert.deepEqual(targets, ports);
  assert.deepEqual(config!.rule_files, ['alerts.yml']);
});
