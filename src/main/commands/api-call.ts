import { authorization } from './authorization.ts';

/** Lists are short; what takes longer than this will not come. */
const ANSWER_DEADLINE_MS = 15_000;

/** A request that was refused, or a server that is not there: one line for a person. */
export class CallFailed extends Error {}

/** The JSON of an answer, of which the caller knows the type by contract. @throws CallFailed */
export async function apiCall(url: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: authorization(),
    signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
  }).catch((cause) => {
    throw new CallFailed(`${new URL(url).origin} cannot be reached`, { cause });
  });
  const text = await answer.text();
  if (!answer.ok) throw new CallFailed(saidIn(text)?.replace(/\.$/, '') ?? `the server answered ${answer.status}`);
  return JSON.parse(text);
}

function saidIn(text: string): string | undefined {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    return detail ?? title;
  } catch {
    // A proxy's answer is no JSON; then the status is all there is to tell.
    return undefined;
  }
}
