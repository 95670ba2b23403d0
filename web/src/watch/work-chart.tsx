import { useState } from 'react';
import { formatSpan } from '../shared/format.ts';
import type { Attempt } from './attempts-of.ts';
import { describeAttempt } from './describe-attempt.ts';
import { type Lane, spanOf, ticksOf } from './lanes-of.ts';
import type { Work } from './use-work.ts';

type Props = { lanes: readonly Lane[]; attempts: readonly Attempt[]; tasks: Work['tasks']; nowMs: number };

const ROW_PX = 22;
const BAR_PX = 16;
const AXIS_PX = 20;
/** A bar of a few milliseconds in minutes should still be seen. */
const LEAST_PERCENT = 0.35;
/** Shorter ones have no room for their name. */
const NAMED_PERCENT = 7;

/** Attempts over time, one row for each worker. Who cannot see it reads the table beside it. */
export function WorkChart({ lanes, attempts, tasks, nowMs }: Props) {
  const [pointed, setPointed] = useState<Attempt>();
  const span = spanOf(attempts, nowMs);
  if (!span) return null;
  const lengthMs = span.endMs - span.startMs;
  const percent = (ms: number): number => ((ms - span.startMs) / lengthMs) * 100;
  const heightPx = lanes.length * ROW_PX + AXIS_PX;
  return (
    <div className="work-chart">
      <div className="work-lanes" style={{ gridAutoRows: ROW_PX }} aria-hidden="true">
        {lanes.map(({ worker, isFirst, attempts: [first] }) => (
          <span key={`${worker} ${first?.taskId} ${first?.number}`}>{isFirst ? worker : ''}</span>
        ))}
      </div>
      <svg
        width="100%"
        height={heightPx}
        role="img"
        aria-label={`${attempts.length} attempts over ${formatSpan(lengthMs / 1000)}; the table below lists them`}
        onPointerLeave={() => setPointed(undefined)}
      >
        {ticksOf(lengthMs / 1000).map((seconds) => (
          <Tick key={seconds} seconds={seconds} percent={(seconds * 100_000) / lengthMs} heightPx={heightPx} />
        ))}
        {lanes.flatMap((lane, row) =>
          lane.attempts.map((attempt) => (
            <Bar
              key={`${attempt.taskId} ${attempt.number} ${attempt.startMs}`}
              attempt={attempt}
              yPx={row * ROW_PX + (ROW_PX - BAR_PX) / 2}
              fromPercent={percent(attempt.startMs)}
              toPercent={percent(attempt.endMs ?? span.endMs)}
              onPoint={() => setPointed(attempt)}
            />
          )),
        )}
      </svg>
      <p className="work-pointed" aria-hidden="true">
        {pointed ? describeAttempt(pointed, tasks.get(pointed.taskId), nowMs) : legend(attempts, lengthMs)}
      </p>
    </div>
  );
}

type TickProps = { seconds: number; percent: number; heightPx: number };

/** The last ones would be cut off on the right, so they stand on the other side of their line. */
const Tick = ({ seconds, percent, heightPx }: TickProps) => (
  <g className="work-tick">
    <line x1={`${percent}%`} x2={`${percent}%`} y1="0" y2={heightPx - AXIS_PX + 4} />
    <text x={`${percent}%`} y={heightPx - 4} dx={percent > 94 ? -3 : 3} textAnchor={percent > 94 ? 'end' : 'start'}>
      {tickText(seconds)}
    </text>
  </g>
);

/** Ticks are round numbers. */
function tickText(seconds: number): string {
  if (seconds < 60) return seconds === 0 ? '0' : `${seconds} s`;
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}

type BarProps = { attempt: Attempt; yPx: number; fromPercent: number; toPercent: number; onPoint: () => void };

/** An svg of its own cuts off what does not fit into the bar. */
function Bar({ attempt: { kind, number, outcome }, yPx, fromPercent, toPercent, onPoint }: BarProps) {
  const widthPercent = Math.max(toPercent - fromPercent, LEAST_PERCENT);
  return (
    <svg
      x={`${Math.min(fromPercent, 100 - LEAST_PERCENT)}%`}
      y={yPx}
      width={`${widthPercent}%`}
      height={BAR_PX}
      className={`work-bar work-bar-${outcome} work-kind-${kind}`}
      onPointerEnter={onPoint}
      data-testid="work-bar"
      data-outcome={outcome}
    >
      <title>{kind}</title>
      <rect width="100%" height={BAR_PX} rx="3" />
      {widthPercent >= NAMED_PERCENT && (
        <text x="5" y="12">
          {number > 1 ? `${kind} (${number})` : kind}
        </text>
      )}
    </svg>
  );
}

function legend(attempts: readonly Attempt[], lengthMs: number): string {
  const count = (outcome: Attempt['outcome']): number => attempts.filter((one) => one.outcome === outcome).length;
  const parts = [
    `${attempts.length} ${attempts.length === 1 ? 'attempt' : 'attempts'} in ${formatSpan(lengthMs / 1000)}`,
    ...(count('running') > 0 ? [`${count('running')} running`] : []),
    ...(count('returned') > 0 ? [`${count('returned')} tried again`] : []),
    ...(count('dead') > 0 ? [`${count('dead')} given up`] : []),
  ];
  return parts.join(' · ');
}
