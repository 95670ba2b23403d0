import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenToEvents } from './listen-to-events.ts';

/** A browser whose streams the test moves. */
function fixture() {
  const sources: { fire: (name: string, data?: string) => void; readyState: number; closed: boolean }[] = [];
  const waits: { ms: number; run: () => void; cancelled: boolean }[] = [];
  const heard: unknown[] = [];
  const stands: boolean[] = [];
  const end = listenToEvents({
    path: '/events',
    on: { progress: (data) => heard.push(data) },
    onStands: (now) => stands.push(now),
    open: () => {
      const listeners = new Map<string, (event: { data?: unknown }) => void>();
      const source = {
        readyState: 0,
        closed: false,
        addEventListener: (name: string, listener: (event: { data?: unknown }) => void) => {
          listeners.set(name, listener);
        },
        fire: (name: string, data?: string) => listeners.get(name)?.({ data }),
        close: () => {
          source.closed = true;
        },
      };
      sources.push(source);
      return source;
    },
    after: (ms, run) => {
      const wait = { ms, run, cancelled: false };
      waits.push(wait);
      return () => {
        wait.cancelled = true;
      };
    },
  });
  return { sources, waits, heard, stands, end };
}

test('what arrives is handed on, parsed', () => {
  const { sources, heard, stands } = fixture();
  sources[0]!.fire('open');
  sources[0]!.fire('progress', '{"progress":0.5}');
  sources[0]!.fire('unknown', '{}');
  assert.deepEqual(heard, [{ progress: 0.5 }]);
  assert.deepEqual(stands, [true]);
});

test('a break is left to the browser, a refusal is answered by a new stream after a while', () => {
  const { sources, waits, stands } = fixture();
  sources[0]!.fire('open');
  sources[0]!.fire('error');
  assert.equal(waits.length, 0);
  sources[0]!.readyState = 2;
  sources[0]!.fire('error');
  assert.equal(waits[0]!.ms, 5000);
  waits[0]!.run();
  assert.equal(sources.length, 2);
  sources[1]!.fire('open');
  assert.deepEqual(stands, [true, false, false, true]);
});

test('after its end nothing is opened, and nothing stays open', () => {
  const { sources, waits, end } = fixture();
  sources[0]!.readyState = 2;
  sources[0]!.fire('error');
  end();
  assert.equal(waits[0]!.cancelled, true);
  assert.equal(sources[0]!.closed, true);
});
