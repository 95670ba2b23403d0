import { formatPercent } from './format.ts';

/** `value` is 0 to 1, or undefined where nothing is known but that something goes on. */
export function ProgressBar({ value, label }: { value: number | undefined; label: string }) {
  const percent = value === undefined ? undefined : Math.floor(value * 100);
  return (
    <div
      className={percent === undefined ? 'progress progress-unknown' : 'progress'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(value === undefined ? {} : { 'aria-valuenow': percent, 'aria-valuetext': formatPercent(value) })}
    >
      <div className="progress-done" style={{ transform: `scaleX(${value ?? 1})` }} />
    </div>
  );
}
