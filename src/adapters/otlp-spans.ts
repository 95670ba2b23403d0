import { setTimeout as delay } from 'node:timers/promises';
import { type HrTime, ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Clock } from '../domain/ports.ts';
import type { FinishedSpan } from '../lib/trace.ts';

export type SpanExport = {
  /** Never waits and never fails: what finds no room is lost. */
  readonly write: (span: FinishedSpan) => void;
  /** Whether a trace is one of the share that is kept: the same answer in every process. */
  readonly isKept: (traceId: string) => boolean;
  readonly close: () => Promise<void>;
};

type Options = {
  readonly role: string;
  readonly node: string;
  readonly version: string;
  /** Of traces that are kept. */
  readonly ratio: number;
  readonly clock: Clock;
  readonly onLost: (spans: number, err: unknown) => void;
};

/** At about 1 KB each; what comes beyond while the collector is away or slow is dropped. */
const MAX_WAITING = 2_048;
const MAX_BATCH = 512;
const SEND_EVERY_MS = 1_000;
const SEND_DEADLINE_MS = 10_000;
/** A role that ends waits no longer than this for a collector. */
const CLOSE_DEADLINE_MS = 1_500;

/** Sends spans to the collector that the environment names (OTEL_EXPORTER_OTLP_…), as OTLP over HTTP with JSON. */
export function openSpanExport({ role, node, version, ratio, clock, onLost }: Options): SpanExport {
  const own = { 'service.name': `millrace-${role}`, 'service.version': version, 'service.instance.id': node };
  // Whoever sets OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES has the last word.
  const resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }));
  const processor = new BatchSpanProcessor({
    exporter: tellingLosses(new OTLPTraceExporter({ timeoutMillis: SEND_DEADLINE_MS }), clock, onLost),
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_DEADLINE_MS,
  });
  const sampler = new TraceIdRatioBasedSampler(ratio);
  const scope = { name: 'millrace', version };
  return {
    write: (span) => processor.onEnd(readable(span, resource, scope)),
    isKept: (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED,
    // A collector that is away was told of by then.
    close: () =>
      Promise.race([processor.shutdown().catch(() => {}), delay(CLOSE_DEADLINE_MS, undefined, { ref: false })]),
  };
}

/** Losses come by the second while a collector is away; they are told this often. */
const TOLD_EVERY_MS = 60_000;

function tellingLosses(exporter: SpanExporter, clock: Clock, onLost: Options['onLost']): SpanExporter {
  let toldMs = Number.NEGATIVE_INFINITY;
  let lost = 0;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        // ExportResultCode.SUCCESS of @opentelemetry/core
        if (result.code !== 0) lost += spans.length;
        if (lost > 0 && clock.nowMs() - toldMs >= TOLD_EVERY_MS) {
          onLost(lost, result.error);
          toldMs = clock.nowMs();
          lost = 0;
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

type Scope = ReadableSpan['instrumentationScope'];

function readable(span: FinishedSpan, resource: Resource, instrumentationScope: Scope): ReadableSpan {
  const { name, traceId, spanId, parentId, startMs, endMs, attributes, failure } = span;
  const context = contextOf(traceId, spanId);
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parentId === undefined ? {} : { parentSpanContext: contextOf(traceId, parentId) }),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
    duration: timeOf(endMs - startMs),
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: { ...attributes },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const contextOf = (traceId: string, spanId: string): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
});

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
