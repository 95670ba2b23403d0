import type { ServerResponse } from 'node:http';
import { PROBLEM_TYPE, problemOf, RETRY_AFTER_SECONDS } from './http.ts';

/** For handlers on bare node:http. Extra headers are flat name-value pairs. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  extra: readonly string[] = [],
  contentType = 'application/json',
): void {
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  const own = ['Content-Type', contentType, 'Content-Length', length, 'Cache-Control', 'no-store'];
  response.writeHead(status, [...own, ...extra]);
  response.end(text);
}

/** Answers with problem details and returns the status; once the head is out, all that is left is to break off. */
export function sendProblem(response: ServerResponse, error: unknown, extra: readonly string[] = []): number {
  const problem = problemOf(error);
  if (response.headersSent) {
    response.destroy();
    return problem.status;
  }
  const retry = problem.status === 503 ? ['Retry-After', String(RETRY_AFTER_SECONDS)] : [];
  sendJson(response, problem.status, problem, [...retry, ...extra], PROBLEM_TYPE);
  return problem.status;
}
