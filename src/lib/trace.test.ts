import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinTrace, traceparentOf } from './trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const own = (): string => '00f067aa0ba902b7';

test('a request goes on with the trace that it brings, below the span that asked', () => {
  const point = joinTrace(`00-${TRACE}-${SPAN}-01`, own);
  assert.deepEqual(point, { traceId: TRACE, spanId: own(), parentId: SPAN });
  assert.equal(traceparentOf(point!), `00-${TRACE}-${own()}-01`);
});

test('what is not sampled, or is no trace, is not traced', () => {
  const nothing = [
    undefined,
    '',
    `00-${TRACE}-${SPAN}-00`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
  ];
  for (const header of nothing) assert.equal(joinTrace(header, own), undefined, String(header));
});

test('whatever a client sends, ids are hex of the right length or there are none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f-]{50,60}$/)), (header) => {
      const point = joinTrace(header, own);
      if (point) assert.match(`${point.traceId} ${point.parentId}`, /^[0-9a-f]{32} [0-9a-f]{16}$/);
    }),
  );
});
