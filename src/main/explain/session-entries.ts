import type { LogLine } from '../../domain/log-line.ts';
import { startOf } from './run-lines.ts';
import type { PlayerSaid, SessionEntry } from './session-entry.ts';
import type { FoundSwitch } from './switch-finder.ts';

/**
 * What one line is worth an entry of its own for; undefined for those that are folded with others, or say nothing new.
 * @param at when it came to pass, which may be before the line was written.
 */
export function ownEntry(line: LogLine, at: string): SessionEntry | undefined {
  const { node } = line;
  switch (line.event) {
    case 'session_started': {
      const { edge, choice, file, expiresAt, isGranted } = line;
      const home = { ...(edge && { edge }), ...(choice && { choice }) };
      return { is: 'started', at, file, expiresAt, granted: isGranted === true, ...home };
    }
    case 'session_reassigned': {
      const { from, to, reason, tries, bytes } = line;
      return { is: 'moved', at, from, to, reason, tries, bytes };
    }
    case 'playback_proxied': {
      // What came to its end is told by the edge that served it.
      if (line.end !== 'broken') return undefined;
      const { status, bytes, edge, reason } = line;
      return { is: 'broken_off', at, status, bytes, ...(edge && { edge }), ...(reason && { reason }) };
    }
    case 'edge_down':
      return { is: 'meanwhile', at, event: line.event, node, edge: line.edge, reason: line.reason, by: line.by ?? '' };
    case 'edge_up':
      return { is: 'meanwhile', at, event: line.event, node, edge: line.edge };
    case 'edge_draining':
      return { is: 'meanwhile', at, event: line.event, node, edge: line.edge, draining: line.draining };
    case 'child_exited': {
      const reason = line.signal ?? `exit code ${line.exitCode}`;
      return { is: 'meanwhile', at, event: line.event, node, edge: line.child, reason };
    }
    case 'video_withdrawn':
      return { is: 'meanwhile', at, event: line.event, node };
    default:
      return undefined;
  }
}

/** A switch stands where the request for the first segment of its new rendition began. */
export const switchEntry = (change: FoundSwitch, line: LogLine): SessionEntry => ({
  is: 'switched',
  at: new Date(startOf(line)).toISOString(),
  ...change,
  edge: line.node,
  ...saidIn(line),
});

/** What the player said with a request. */
export function saidIn(line: LogLine): PlayerSaid {
  const cmcd = cmcdIn(line);
  const [throughputKbps, bufferMs, encodedKbps] = [cmcd.mtp, cmcd.bl, cmcd.br];
  return {
    ...(typeof throughputKbps === 'number' && { throughputKbps }),
    ...(typeof bufferMs === 'number' && { bufferMs }),
    ...(typeof encodedKbps === 'number' && { encodedKbps }),
  };
}

/** Since its last request, its buffer ran dry. */
export const hasStarved = (line: LogLine): boolean => cmcdIn(line).bs === true;

const cmcdIn = (line: LogLine): Readonly<Record<string, number | string | true>> =>
  line.event === 'segment_served' && typeof line.cmcd === 'object' ? line.cmcd : {};
