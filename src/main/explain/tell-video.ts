import type { LogLine } from '../../domain/log-line.ts';
import { messageIn } from './message-in.ts';
import type { Attempt, VideoStory } from './video-entry.ts';
import { aside, countText, joined, momentText, sinceStart, sizeText, spansText, timeText } from './words.ts';

/** The story of a video in sentences, a line each. */
export function tellVideo({ videoId, from, to, entries, totals }: VideoStory): string[] {
  const { tasks, attempts, setbacks, workers, segments, bytes, sessions, sessionIds } = totals;
  const lasted = timeText(Date.parse(to) - Date.parse(from));
  return [
    `Video ${videoId}: from ${momentText(from)}, ${lasted}`,
    ...entries.map(
      (entry) =>
        `${sinceStart(entry.at, from)}  ${entry.is === 'attempt' ? attemptText(entry, entry.at) : eventText(entry.line, videoId)}`,
    ),
    `In all: ${joined(
      countText(tasks, 'task'),
      countText(attempts, 'attempt'),
      setbacks > 0 && countText(setbacks, 'setback'),
      `${countText(segments, 'segment')} stored${aside(sizeText(bytes))}`,
      `by ${workers.length === 0 ? 'nobody' : workers.join(', ')}`,
    )}.`,
    ...(sessions > 0
      ? [
          `Played in ${countText(sessions, 'session')}: ${sessionIds.join(', ')}${sessions > sessionIds.length ? ', …' : ''}`,
        ]
      : []),
  ];
}

const SHORT_ID_CHARS = 8;
const shortId = (id: string): string => id.slice(0, SHORT_ID_CHARS);

function attemptText(attempt: Attempt, at: string): string {
  const { taskId, kind = 'task', worker, stored, reused, troubles, endedAt } = attempt;
  const tookMs = attempt.durationMs ?? (endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(at));
  const which = attempt.attempt > 1 ? `, attempt ${attempt.attempt},` : '';
  const made = joined(
    ...stored.map(({ rendition, segments }) => `${rendition} ${spansText(segments)}`),
    ...reused.map(({ rendition, segments }) => `${rendition}: ${countText(segments, 'segment')} of an earlier attempt`),
  );
  const troubled = troubles.map(({ event, message }) => `${TROUBLES[event] ?? event}: ${message}`);
  const who = worker === undefined ? '' : ` by ${worker}`;
  const notes = joined(made === '' ? '' : `stored ${made}`, ...troubled);
  return `${kind} ${shortId(taskId)}${which}${who}: ${endText(attempt, tookMs)}${notes === '' ? '' : `; ${notes}`}`;
}

const TROUBLES: Readonly<Record<string, string>> = {
  orchestrator_unreachable: 'the orchestrator could not be reached',
  segment_invalid: 'replaced what stood there',
  lease_lost: 'the lease was lost',
  lease_refused: 'the lease was not renewed',
  images_skipped: 'images were left out',
  text_skipped: 'a subtitle track was left out',
  trial_skipped: 'a sample was left out',
};

function endText({ end, code, message, cause, delayMs }: Attempt, tookMs: number | undefined): string {
  const after = tookMs === undefined ? '' : ` after ${timeText(tookMs)}`;
  const why =
    code === undefined ? '' : ` with ${code}${aside(cause && `cause: ${cause}`)}${message ? `: ${message}` : ''}`;
  const again = delayMs ? `tried again in ${timeText(delayMs)}` : 'tried again at once';
  switch (end) {
    case 'done':
      return `done${after}`;
    case 'retry':
      return `failed${after}${why}; ${again}`;
    case 'paused':
      return `paused${after}${why}; ${again}, which uses up no attempt`;
    case 'dead':
      return `failed${after}${why}; not tried again`;
    case 'returned':
      return `handed back undone${after}`;
    case 'lost':
      return `lost its lease${after}${why}`;
    case 'open':
      return `no line says how it ended${why}`;
    default:
      return end satisfies never;
  }
}

/** What one line says, in words. */
function eventText(line: LogLine, videoId: string): string {
  const { node } = line;
  switch (line.event) {
    case 'upload_started':
      return `the upload of ${JSON.stringify(line.filename)} begins at ${node}`;
    case 'upload_resumed':
      return `the upload goes on at ${sizeText(line.offset)}`;
    case 'upload_broken_off':
      return `the upload breaks off at ${sizeText(line.offset)}: ${messageIn(line.err) ?? ''}`;
    case 'upload_completed':
      return `the upload is complete: ${sizeText(line.sizeBytes)} in ${countText(line.parts, 'part')}; its job is queued`;
    case 'upload_duplicate':
      return line.of === videoId
        ? `the same bytes were uploaded again and became this video`
        : `these bytes are video ${line.of} already: nothing stays of this upload`;
    case 'upload_failed':
      return `the upload fails, nothing of it stays: ${messageIn(line.err) ?? ''}`;
    case 'upload_expired':
      return 'the upload was left alone for too long and is removed';
    case 'upload_terminated':
      return 'the upload is given up by its client';
    case 'ingest_started':
      return `${node} fetches the source from ${line.host}${aside(line.failures > 0 && `after ${countText(line.failures, 'failure')}`)}`;
    case 'ingest_postponed':
      return `fetching breaks off: ${messageIn(line.err) ?? ''}; tried again in ${timeText(line.waitMs)}`;
    case 'ingest_failed':
      return `fetching is given up with ${line.code}: ${messageIn(line.err) ?? ''}`;
    case 'job_started':
      return `job ${shortId(line.jobId)} of generation ${line.generation} starts at ${node}`;
    case 'job_planned':
      return `planned: ${line.rungs.length > 0 ? line.rungs.join(', ') : 'sound alone'} in ${countText(line.chunks, 'chunk')} of ${line.frames} frames`;
    case 'ladder_chosen':
      return `the ladder is chosen after a trial: ${Object.entries(line.capsBps).map(rateText).join(', ')}`;
    case 'job_succeeded':
      return `job ${shortId(line.jobId)} has succeeded`;
    case 'job_failed':
      return `job ${shortId(line.jobId)} has failed with ${line.code}: ${line.message}`;
    case 'job_cancelled':
      return `job ${shortId(line.jobId)} is cancelled by hand`;
    case 'job_retried':
      return `job ${shortId(line.jobId)} goes on, by hand`;
    case 'reconciled':
      return `${node} puts right what no transition explains: ${line.found}; ${line.done}`;
    case 'video_playable':
      return `it can be played while it grows: ${Object.entries(line.segmentsBy)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')} segments`;
    case 'video_published':
      return `published: ${line.renditions.join(', ')}`;
    case 'growth_withdrawn':
      return 'its growing playlists are removed: the job has ended without being published';
    case 'playlists_refreshed':
    case 'playlists_restored':
      return `${countText(line.keys.length, 'playlist')} of it ${line.keys.length === 1 ? 'is' : 'are'} written again`;
    case 'generation_removed':
      return `generation ${line.generation} is removed: ${countText(line.objects, 'object')}`;
    case 'video_renamed':
      return 'it has another title';
    case 'video_visibility_set':
      return `it is ${line.visibility} from now on`;
    case 'captions_stored':
      return `captions in ${line.language} are stored: ${countText(line.cues, 'cue')}`;
    case 'captions_removed':
      return `captions in ${line.language} are removed`;
    case 'download_prepared':
      return `a download of ${line.rendition ?? 'it'} is prepared: ${sizeText(line.bytes)}`;
    case 'video_deleted':
      return `it is deleted, with ${countText(line.objects, 'object')}`;
    case 'video_withdrawn':
      return `${node} serves nothing of it any more: its published playlist is gone`;
    case 'store_read_failed':
      return `${node} could not ask the store for it: ${messageIn(line.err) ?? ''}`;
    case 'webhook_delivered':
      return `webhook ${shortId(line.webhookId)} was told that it is ${line.to}`;
    case 'webhook_failed':
      return `webhook ${shortId(line.webhookId)} did not take that it is ${line.to}; told again in ${timeText(line.waitMs)}`;
    case 'webhook_given_up':
      return `webhook ${shortId(line.webhookId)} will not be told that it is ${line.to}, after ${line.tries} tries`;
    case 'child_exited':
      return `the process of ${line.child} ended: ${line.signal ?? `exit code ${line.exitCode}`}`;
    case 'store_paused':
      return `${node} waits for the store: ${messageIn(line.err) ?? ''}`;
    case 'store_resumed':
      return `${node} has the store again, after ${timeText(line.durationMs)}`;
    default:
      return `${line.event} at ${node}`;
  }
}

const KBPS = 1000;
const rateText = ([name, bps]: [string, number]): string => `${name} at most ${Math.round(bps / KBPS)} kbit/s`;
