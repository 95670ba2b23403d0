import { type Done, type Outcome, STEPS, type StepName } from './steps.ts';

/** A step that could not be done; it was told already, and the steps after it make no sense. */
export class StepFailed extends Error {}

type Deps = { readonly nowMs: () => number; readonly say: (text: string) => void };

/** Runs the steps of the demo one after the other, tells of each, and keeps what was seen. */
export class StepRunner {
  readonly #deps: Deps;
  readonly #startedMs: number;
  readonly #done = new Map<StepName, Done>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#startedMs = deps.nowMs();
  }

  /** @param signal ends the wait for the step, and so the demo @throws StepFailed */
  async run<Gives>(name: StepName, work: () => Promise<Outcome<Gives>>, signal?: AbortSignal): Promise<Gives> {
    const beganMs = this.#deps.nowMs();
    this.#deps.say(`\n${name}: ${STEPS[name]}`);
    try {
      signal?.throwIfAborted();
      const { gives, wrong = [], seen, ...more } = await unlessAborted(work(), signal);
      const told = [seen, ...wrong].join('; ');
      this.#note({ ...more, name, verdict: wrong.length === 0 ? 'PASS' : 'FAIL', seen: told, ...this.#times(beganMs) });
      return gives;
    } catch (cause) {
      this.#note({ name, verdict: 'FAIL', seen: reasonOf(cause), ...this.#times(beganMs) });
      throw new StepFailed(name, { cause });
    }
  }

  /** Every step there is, in order. */
  results(): Done[] {
    const notRun = { verdict: 'not run', seen: '', atSeconds: 0, tookSeconds: 0 } as const;
    return (Object.keys(STEPS) as StepName[]).map((name) => this.#done.get(name) ?? { name, ...notRun });
  }

  #times(beganMs: number) {
    const atSeconds = (beganMs - this.#startedMs) / 1000;
    return { atSeconds, tookSeconds: (this.#deps.nowMs() - beganMs) / 1000 };
  }

  #note(done: Done): void {
    this.#done.set(done.name, done);
    this.#deps.say(`  ${done.verdict} after ${done.tookSeconds.toFixed(1)} s: ${done.seen}`);
  }
}

async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  const listening = new AbortController();
  const aborted = new Promise<never>((_never, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal });
  });
  return Promise.race([work, aborted]).finally(() => listening.abort());
}

/** An error and what it came from, in one line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message.replaceAll(/\s+/g, ' ').trim();
  return error.cause === undefined ? text : `${text} <- ${reasonOf(error.cause)}`;
}
