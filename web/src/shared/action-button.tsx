import { Icon, type IconName } from './icons.tsx';
import { useAction } from './use-action.ts';

type Props = {
  icon: IconName;
  text: string;
  act: () => Promise<void>;
  onDone: () => void;
  testId: string;
};

/** A button that cannot be pressed twice, and says below what went wrong. */
export function ActionButton({ icon, text, act, onDone, testId }: Props) {
  const { busy, failure, run } = useAction(act, onDone);
  return (
    <>
      <button type="button" className="button" disabled={busy} onClick={run} data-testid={testId}>
        <Icon name={icon} />
        {text}
      </button>
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}
