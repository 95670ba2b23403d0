import type { Agent } from 'undici';
import type { EdgeFailure } from './edge-health.ts';
import { failureOf } from './proxy-to-edge.ts';

/** Asks an edge whether it can serve; undefined means yes. */
export async function probeEdge(agent: Agent, edge: string, signal: AbortSignal): Promise<EdgeFailure | undefined> {
  try {
    const { statusCode, body } = await agent.request({ origin: edge, path: '/health', method: 'GET', signal });
    await body.dump();
    return statusCode === 200 ? undefined : 'unhealthy';
  } catch (cause) {
    return signal.aborted ? 'timeout' : failureOf(cause);
  }
}
