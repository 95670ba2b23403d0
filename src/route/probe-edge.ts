import { Deadline } from './deadline.ts';
import type { EdgeClient } from './edge-client.ts';
import type { EdgeFailure } from './edge-health.ts';

/** What an edge says of itself, or how it failed to. */
export type Probed = 'ok' | 'draining' | EdgeFailure;

const PROBE_DEADLINE_MS = 1000;
/** The answer of /health is some hundred bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Asks an edge's /health. It answers within the deadline, whatever the edge does. */
export function probeEdge(client: EdgeClient, url: string): Promise<Probed> {
  const { host } = new URL(url);
  const text = `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const request = { url, text, isHeadRequest: false, firstByteMs: PROBE_DEADLINE_MS, stallMs: PROBE_DEADLINE_MS };
  return new Promise((resolve) => {
    let status = 0;
    let said = '';
    const settle = (probed: Probed): void => {
      deadline.clear();
      resolve(probed);
    };
    const exchange = client.exchange(request, {
      onHead: (head) => {
        status = head.status;
      },
      onBody: (bytes, onSent) => {
        said += bytes.toString();
        onSent();
        if (said.length <= MAX_ANSWER_BYTES) return true;
        exchange.abort();
        settle('bad_answer');
        return false;
      },
      onEnd: () => settle(status === 200 ? standingIn(said) : 'unhealthy'),
      onFailure: settle,
    });
    // The exchange is patient with a body for as long as anything comes.
    const deadline = new Deadline(PROBE_DEADLINE_MS, () => {
      exchange.abort();
      settle('stalled');
    });
  });
}

/** Whatever else it says of itself, 200 means that it serves. */
const standingIn = (text: string): Probed => (/"status":\s*"draining"/.test(text) ? 'draining' : 'ok');
