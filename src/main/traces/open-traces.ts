import { randomBytes } from 'node:crypto';
import type { LogEvent } from '../../domain/log-events.ts';
import type { OnLine } from '../../lib/log.ts';
import { joinTrace, type PointAt } from '../../lib/trace.ts';
import { ConfigError } from '../config.ts';
import { systemClock } from '../parts.ts';
import { jobTraceId, spanOf, TRACED } from './span-of.ts';

export type Traces = {
  /** Tells what is logged as spans. */
  readonly onLine: OnLine;
  /** Of a request from outside: begins a trace, or goes on with the one that it brings. */
  readonly begin: PointAt;
  /** Of a request from another role: goes on with its trace, or with none. */
  readonly join: PointAt;
  /** Sends what waits, for a moment. */
  readonly close: () => Promise<void>;
};

type Options = {
  readonly role: string;
  readonly node: string;
  readonly version: string;
  readonly onLost: (spans: number, err: unknown) => void;
};

/** Where the environment names a collector, by OpenTelemetry's own settings; otherwise nothing of it is even loaded. */
export async function openTraces(environment: NodeJS.ProcessEnv, options: Options): Promise<Traces | undefined> {
  if (!isWanted(environment)) return undefined;
  const { openSpanExport } = await import('../../adapters/otlp-spans.ts');
  const { write, isKept, close } = openSpanExport({ ...options, ratio: ratioIn(environment), clock: systemClock });
  const newSpanId = (): string => randomBytes(8).toString('hex');
  return {
    join: (traceparent) => joinTrace(traceparent, newSpanId),
    begin: (traceparent) => {
      if (traceparent !== undefined) return joinTrace(traceparent, newSpanId);
      const traceId = randomBytes(16).toString('hex');
      return isKept(traceId) ? { traceId, spanId: newSpanId() } : undefined;
    },
    onLine: (_level, event, fields, around) => {
      if (!TRACED.has(event)) return;
      const line = { ...around, ...fields, event } as LogEvent;
      // Of a job every role decides alike, by the id; of a request, the first one has decided.
      const isLeftOut = !('trace' in line) && 'jobId' in line && line.jobId && !isKept(jobTraceId(line.jobId));
      const span = isLeftOut ? undefined : spanOf(line, systemClock.nowMs(), newSpanId);
      if (span) write(span);
    },
    close,
  };
}

/** OpenTelemetry's names: opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables */
function isWanted(environment: NodeJS.ProcessEnv): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = environment;
  const endpoint = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  return Boolean(endpoint) && OTEL_SDK_DISABLED?.toLowerCase() !== 'true' && OTEL_TRACES_EXPORTER !== 'none';
}

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'];

/** The share of traces that is kept. */
function ratioIn({ OTEL_TRACES_SAMPLER = 'always_on', OTEL_TRACES_SAMPLER_ARG = '1' }: NodeJS.ProcessEnv): number {
  const sampler = OTEL_TRACES_SAMPLER.replace(/^parentbased_/, '');
  if (!SAMPLERS.includes(sampler))
    throw new ConfigError(`OTEL_TRACES_SAMPLER: must be one of ${SAMPLERS.join(', ')}, or parentbased_ before it`);
  if (sampler !== 'traceidratio') return sampler === 'always_on' ? 1 : 0;
  const ratio = Number(OTEL_TRACES_SAMPLER_ARG);
  if (!(ratio >= 0 && ratio <= 1)) throw new ConfigError('OTEL_TRACES_SAMPLER_ARG: must be from 0 to 1');
  return ratio;
}
