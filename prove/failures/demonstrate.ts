import type { LogLine } from '../../test/fault/read-logs.ts';
import { wrongLeftBehind } from './judge.ts';
import { timeOf } from './log-tail.ts';
import type { Platform } from './platform.ts';
import type { Scenario, Shown } from './scenario.ts';

export type Demonstration = {
  readonly scenario: Scenario;
  /** Undefined where it could not be carried through. */
  readonly shown: Shown | undefined;
  /** The lines that explain it, by their time. */
  readonly lines: readonly LogLine[];
  readonly wrong: readonly string[];
};

/** An edge writes its lines when its disk has time for them. */
const LINE_DEADLINE_MS = 20_000;

/** Breaks the platform in one way, and judges what came of it. */
export async function demonstrate(scenario: Scenario, platform: Platform): Promise<Demonstration> {
  try {
    const shown = await scenario.run(platform);
    const { lines, missing } = await explained(platform, shown);
    const wrong = [...shown.wrong, ...missing, ...(await wrongLeftBehind(platform))];
    return { scenario, shown, lines, wrong };
  } catch (error) {
    return { scenario, shown: undefined, lines: [], wrong: [chainOf(error)] };
  }
}

async function explained({ logs }: Platform, { lines: wanted, faultMs }: Shown) {
  const lines: LogLine[] = [];
  const missing: string[] = [];
  for (const one of wanted) {
    const found = await logs.first(one, faultMs, LINE_DEADLINE_MS).catch((error: Error) => error);
    if (found instanceof Error) missing.push(found.message);
    else lines.push(found);
  }
  return { lines: [...new Set(lines)].toSorted((a, b) => timeOf(a) - timeOf(b)), missing };
}

function chainOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${chainOf(error.cause)}`;
}
