/** Looks at one thing that a role needs; its answer is a detail worth showing, and it throws one clear line. */
export type Check = (signal: AbortSignal) => Promise<string | undefined>;

export type HealthReport = {
  status: 'ok' | 'failing';
  role: string;
  version: string;
  uptimeSeconds: number;
  checks: Record<string, { status: 'ok' | 'failing'; detail?: string }>;
};

export type HealthOptions = {
  readonly role: string;
  readonly version: string;
  readonly uptimeSeconds: () => number;
  readonly checks: Readonly<Record<string, Check>>;
};

/** Less than the time-out of whoever asks, so that a hanging dependency is named and not just felt. */
const CHECK_DEADLINE_MS = 2_500;

/** Runs all checks at once; a role is as healthy as the worst of them. */
export async function checkHealth({ role, version, uptimeSeconds, checks }: HealthOptions): Promise<HealthReport> {
  const names = Object.keys(checks);
  const results = await Promise.all(Object.values(checks).map(runCheck));
  const report = Object.fromEntries(results.map((result, i) => [names[i] ?? '', result]));
  const status = results.every((result) => result.status === 'ok') ? 'ok' : 'failing';
  return { status, role, version, uptimeSeconds: Math.round(uptimeSeconds()), checks: report };
}

async function runCheck(check: Check): Promise<{ status: 'ok' | 'failing'; detail?: string }> {
  const deadline = AbortSignal.timeout(CHECK_DEADLINE_MS);
  try {
    const detail = await Promise.race([check(deadline), rejectOnAbort(deadline)]);
    return detail === undefined ? { status: 'ok' } : { status: 'ok', detail };
  } catch (error) {
    return { status: 'failing', detail: error instanceof Error ? error.message : String(error) };
  }
}

const rejectOnAbort = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${CHECK_DEADLINE_MS} ms`)), {
      once: true,
    });
  });

/** Remembers an answer for a while, so that being asked often costs the dependency little. Failures are not kept. */
export function remembered(check: Check, keepMs: number, nowMs: () => number): Check {
  let known: { detail: string | undefined; untilMs: number } | undefined;
  return async (signal) => {
    if (known && nowMs() < known.untilMs) return known.detail;
    known = undefined;
    const detail = await check(signal);
    known = { detail, untilMs: nowMs() + keepMs };
    return detail;
  };
}
