import { parseProblem, Unreachable } from './problem.ts';

/** An API call moves a few kB; what takes longer than this will not come. */
const ANSWER_DEADLINE_MS = 10_000;

export type JsonRequest = {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it is, in place of a body. */
  readonly file?: File;
  readonly signal?: AbortSignal;
};

/**
 * The parsed body of a successful answer, of which the caller knows the type by contract; undefined when empty.
 * @throws ApiProblem when the server refuses, Unreachable when none answers
 */
export async function requestJson(
  path: string,
  { method = 'GET', body, file, signal }: JsonRequest = {},
): Promise<unknown> {
  const deadline = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  const { status, ok, text } = await answerOf(path, {
    method,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    ...(file === undefined ? {} : { body: file }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!ok) throw parseProblem(status, text);
  return text === '' ? undefined : JSON.parse(text);
}

async function answerOf(path: string, init: RequestInit): Promise<{ status: number; ok: boolean; text: string }> {
  try {
    const response = await fetch(path, init);
    return { status: response.status, ok: response.ok, text: await response.text() };
  } catch (cause) {
    throw new Unreachable({ cause });
  }
}
