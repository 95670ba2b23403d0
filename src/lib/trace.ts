/** A piece of work in a trace (W3C Trace Context): ids in hex, of 32 and 16 digits. */
export type TracePoint = { readonly traceId: string; readonly spanId: string; readonly parentId?: string | undefined };

/** What a finished piece of work is told as. */
export type FinishedSpan = TracePoint & {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it failed, where it did. */
  readonly failure?: string | undefined;
};

/** What comes with a request, as node:http gives it. */
type Header = string | string[] | undefined;

/** Undefined: nobody wants to know. */
export type PointAt = (traceparent: Header) => TracePoint | undefined;

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])$/;
const SAMPLED = 1;

/** Goes on with the trace that a request brings, where it is one that is kept. */
export function joinTrace(traceparent: Header, newSpanId: () => string): TracePoint | undefined {
  const from = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  const [, traceId = '', parentId = '', flags = '0'] = from ?? [];
  if (!from || (Number.parseInt(flags, 16) & SAMPLED) === 0 || /^0+$/.test(traceId) || /^0+$/.test(parentId))
    return undefined;
  return { traceId, spanId: newSpanId(), parentId };
}

/** The field by which whoever is asked joins in. */
export const traceparentOf = ({ traceId, spanId }: TracePoint): string => `00-${traceId}-${spanId}-01`;
