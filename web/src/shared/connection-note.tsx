import { messageOf, Unreachable } from '../api/problem.ts';
import { Icon } from './icons.tsx';

/** Says beside what is shown that it may be old. Keeps its place when there is nothing to say. */
export function ConnectionNote({ failure }: { failure: unknown }) {
  return (
    <p className="connection-note" role="status" data-testid="connection-note">
      {failure === undefined ? null : (
        <>
          <Icon name="offline" />
          {failureText(failure)}
        </>
      )}
    </p>
  );
}

export const failureText = (failure: unknown): string =>
  failure instanceof Unreachable ? 'Cannot reach the server, retrying…' : `${messageOf(failure)} Retrying…`;
