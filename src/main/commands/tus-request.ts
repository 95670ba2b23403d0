import { authorization } from './authorization.ts';

/** A part takes this long on a line of 75 kbit/s; whatever is slower is broken. */
const REQUEST_DEADLINE_MS = 15 * 60_000;

/** What the server said no to; another try would get the same answer. */
export class Refused extends Error {}
/** No answer, or one that says to come again. */
export class TryAgain extends Error {}

export type TusRequest = {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
};

/** One tus request. @throws Refused, TryAgain */
export async function tusRequest(url: string, { method, headers = {}, body }: TusRequest): Promise<Headers> {
  const answer = await send(url, {
    method,
    headers: { 'Tus-Resumable': '1.0.0', ...authorization(), ...headers },
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  if (answer.ok) return answer.headers;
  const message = titleOf(text) ?? `the server answered ${answer.status}`;
  // 409: the offset is not what we thought, so ask; 460: damaged on the way, so send it again.
  const passing = answer.status >= 500 || [409, 423, 429, 460].includes(answer.status);
  throw passing ? new TryAgain(message) : new Refused(message);
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new TryAgain(`${new URL(url).origin} cannot be reached`, { cause });
  }
}

function titleOf(text: string): string | undefined {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    return detail ?? title;
  } catch {
    // A proxy's answer is no JSON; then the status is all there is to tell.
    return undefined;
  }
}
