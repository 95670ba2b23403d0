import type { LogLine } from '../../domain/log-line.ts';
import { trackOf } from '../../serve/follow-session.ts';
import { isRefused } from './run-lines.ts';

/** A change of the video rendition. */
export type FoundSwitch = {
  readonly from: string;
  readonly to: string;
  readonly segment: number;
  /** An edge wrote so. Where the session changed its edge at the same time, none of them could know. */
  readonly logged: boolean;
};

/**
 * Finds the switches of a viewing in the order of its requests: at the first segment of the new rendition, or, where
 * the line of that segment was lost with its edge, at the line that tells of the switch.
 */
export function switchFinder(lines: readonly LogLine[]): (line: LogLine) => FoundSwitch | undefined {
  const logged = new Set(
    lines.flatMap((line) => (line.event === 'rendition_switched' ? [`${line.to}/${line.segment}`] : [])),
  );
  const served = new Set(
    lines.flatMap((line) => placeOf(line) ?? []).map(({ rendition, segment }) => `${rendition}/${segment}`),
  );
  let last: string | undefined;
  return (line) => {
    const isLost = line.event === 'rendition_switched' && !served.has(`${line.to}/${line.segment}`);
    const place = isLost ? { rendition: line.to, segment: line.segment } : placeOf(line);
    if (!place) return undefined;
    const isLogged = logged.has(`${place.rendition}/${place.segment}`);
    // A part that no edge took for a switch: a keyframe that the player scrubbed to. What is gone on with is told by its edge.
    if (isPart(line) && !isLogged && place.rendition !== last) return undefined;
    const from = last ?? (isLost ? line.from : undefined);
    last = place.rendition;
    if (from === undefined || from === place.rendition) return undefined;
    return { from, to: place.rendition, segment: place.segment, logged: isLogged };
  };
}

const isPart = (line: LogLine): boolean => line.event === 'segment_served' && line.status === 206;

/** The segment of picture that a line says was served. */
function placeOf(line: LogLine): { rendition: string; segment: number } | undefined {
  if (line.event !== 'segment_served' || isRefused(line)) return undefined;
  const { rendition, segment } = line;
  if (rendition === undefined || segment === undefined || trackOf(rendition) === 'audio') return undefined;
  return { rendition, segment };
}
