/** What the server said about a request that it refused (RFC 9457). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }
}

/** No answer came at all: the network, or a server that is down. */
export class Unreachable extends Error {
  constructor(options?: ErrorOptions) {
    super('The server cannot be reached.', options);
    this.name = 'Unreachable';
  }
}

/** Also takes what a proxy in between may answer, which is no JSON. */
export function parseProblem(status: number, body: string): ApiProblem {
  const problem = parseObject(body);
  const code = typeof problem.code === 'string' ? problem.code : 'unknown';
  const text = [problem.detail, problem.title].find((part) => typeof part === 'string' && part !== '');
  return new ApiProblem(status, code, typeof text === 'string' ? text : `The server answered ${status}.`);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // Not JSON: then the status is all there is to tell.
    return {};
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isMissing = (error: unknown): boolean => error instanceof ApiProblem && error.code === 'no_such_video';
