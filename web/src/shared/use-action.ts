import { useState } from 'react';
import { messageOf } from '../api/problem.ts';

export type Action = {
  readonly busy: boolean;
  /** Why the last try came to nothing. */
  readonly failure: string | undefined;
  run(): Promise<void>;
};

/** Something that the server does when a button is pressed. */
export function useAction(act: () => Promise<void>, onDone: () => void): Action {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  async function run(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await act();
      onDone();
    } catch (problem) {
      setFailure(messageOf(problem));
    } finally {
      setBusy(false);
    }
  }
  return { busy, failure, run };
}
