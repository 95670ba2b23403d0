import type { LogFieldName, LogFieldValue } from './log-fields.ts';

/**
 * Every event that a Millrace process may log, with the fields of its line, and nothing else: the compiler refuses a
 * call that leaves one out or adds one. A field with `?` stands there only where there is something to say.
 * docs/logs.md says when each event is logged and what each field means; a test holds it against these two lists.
 */
export const LOG_EVENTS = {
  // every role
  role_started: 'url',
  role_stopping: 'reason',
  role_stopped: 'late?',
  role_failed: 'err',
  traces_not_sent: 'objects err',
  request_failed: 'err method? url? status? edge? sessionId? videoId?',
  health_changed: 'check outcome',
  database_error: 'err uploadId?',
  log_lines_lost: 'lines',
  // up
  instance_ready: 'url seconds',
  child_started: 'child pid?',
  child_exited: 'child pid? exitCode signal expected',
  log_not_moved: 'err',
  // upload
  upload_started: 'videoId uploadId? filename',
  upload_resumed: 'videoId uploadId offset',
  upload_lock_taken: 'uploadId token waitedMs',
  upload_broken_off: 'videoId uploadId offset err',
  upload_completed: 'videoId jobId? sizeBytes parts contentId durationMs?',
  upload_duplicate: 'videoId? uploadId? of sizeBytes contentId',
  upload_failed: 'videoId err',
  upload_expired: 'videoId uploadId isFinished',
  upload_terminated: 'videoId uploadId',
  upload_sweep_failed: 'err videoId?',
  ingest_started: 'videoId host failures',
  ingest_postponed: 'videoId failures waitMs err',
  ingest_failed: 'videoId code err',
  video_renamed: 'videoId',
  video_visibility_set: 'videoId visibility',
  captions_stored: 'videoId language cues',
  captions_removed: 'videoId language',
  download_prepared: 'videoId generation rendition? bytes',
  video_deleted: 'videoId objects',
  api_keys_changed: 'keys',
  webhook_created: 'webhookId host',
  webhook_removed: 'webhookId',
  // orchestrate
  webhook_delivered: 'webhookId videoId deliveryId to tries durationMs',
  webhook_failed: 'webhookId videoId deliveryId to tries waitMs status? err?',
  webhook_given_up: 'webhookId videoId deliveryId to tries status? err?',
  webhook_dropped: 'webhookId reason messages',
  job_started: 'videoId jobId generation',
  job_planned: 'videoId jobId taskId attempt rungs chunks frames',
  ladder_chosen: 'videoId jobId taskId attempt ratesBps capsBps',
  task_leased: 'videoId jobId taskId attempt kind worker leaseMs',
  task_claimed: 'videoId? jobId? taskId? attempt? kind? token',
  task_settled: 'videoId? jobId? taskId? attempt? kind? outcome durationMs',
  task_done: 'videoId jobId taskId attempt kind durationMs?',
  task_failed: 'videoId? jobId? taskId? attempt? kind? worker? outcome? delayMs? cause code message tail? err?',
  task_paused: 'videoId jobId taskId attempt kind worker delayMs code message',
  task_returned: 'videoId? jobId? taskId attempt',
  task_dead: 'videoId jobId taskId attempt kind worker delayMs code',
  lease_expired: 'videoId jobId taskId attempt kind worker',
  lease_refused: 'videoId jobId taskId attempt err',
  worker_connected: 'worker session version',
  worker_refused: 'worker session version contract err?',
  worker_disconnected: 'worker session',
  worker_gone: 'videoId jobId taskId attempt kind worker',
  reconciled: 'videoId jobId? taskId? found done',
  job_cancelled: 'videoId jobId',
  job_retried: 'videoId jobId',
  job_succeeded: 'videoId jobId generation',
  job_failed: 'videoId jobId code message',
  video_playable: 'videoId jobId generation segmentsBy',
  video_published: 'videoId jobId generation renditions',
  playlists_refreshed: 'videoId keys',
  growth_withdrawn: 'videoId jobId generation',
  playlists_restored: 'videoId keys',
  generation_removed: 'videoId generation objects',
  queue_error: 'err',
  // transcode
  lease_lost: 'videoId? jobId? taskId? attempt? kind? err',
  orchestrator_connected: 'failures',
  orchestrator_unreachable: 'err? failures? videoId? jobId? taskId? attempt? kind?',
  store_paused: 'err',
  store_resumed: 'durationMs',
  segment_stored: 'videoId? jobId? taskId? attempt? kind? rendition segment bytes outcome durationMs?',
  segments_reused: 'videoId? jobId? taskId? attempt? kind? rendition segments',
  segment_invalid: 'videoId? jobId? taskId? attempt? kind? rendition segment? key reason',
  trial_skipped: 'videoId? jobId? taskId? attempt? kind? firstFrame err',
  images_skipped: 'videoId? jobId? taskId? attempt? kind? what err',
  text_skipped: 'videoId? jobId? taskId? attempt? kind? streamIndex err',
  source_part_read: 'videoId? jobId? taskId? attempt? kind? part bytes durationMs',
  ffmpeg_started: 'videoId? jobId? taskId? attempt? kind? program pid?',
  ffmpeg_exited: 'videoId? jobId? taskId? attempt? kind? program pid? exitCode by durationMs',
  // route
  session_started: 'sessionId videoId file edge? choice? expiresAt isGranted?',
  session_reassigned: 'sessionId videoId from to reason tries bytes',
  session_steered: 'sessionId videoId pathways playing?',
  playback_proxied: 'sessionId videoId edge? status tries bytes durationMs end reason? err? trace?',
  edge_up: 'edge outForMs',
  edge_down: 'edge reason by misses',
  edge_draining: 'edge draining',
  edges_resolved: 'host edges',
  edges_unresolved: 'host edges err',
  // serve
  rendition_switched: 'sessionId videoId from to segment',
  segment_served:
    'sessionId? videoId? kind? rendition? segment? cache? tier? stale? bytes status code? edge durationMs aborted? cmcd? err? trace?',
  segment_prefetched: 'sessionId videoId kind rendition? segment? reason bytes tier? durationMs trace?',
  prefetch_dropped: 'sessionId videoId kind rendition? segment? reason obstacle err?',
  store_read: 'key outcome bytes? durationMs trace?',
  store_read_failed: 'key? videoId? servedStale? trusting? err',
  video_withdrawn: 'videoId',
  disk_opened: 'folder objects bytes durationMs',
  disk_object_damaged: 'key reason',
  disk_failed: 'does pauseMs? folder? err',
} as const;

export type LogEventName = keyof typeof LOG_EVENTS;

/** What one line says, but for who said it and when. */
export type LogEvent = { readonly [Name in LogEventName]: { readonly event: Name } & FieldsOf<Name> }[LogEventName];

type FieldsOf<Name extends LogEventName> = Listed<Words<(typeof LOG_EVENTS)[Name]>>;
type Words<List extends string> = List extends `${infer First} ${infer Rest}` ? First | Words<Rest> : List;
type Listed<Word extends string> = {
  readonly [Field in Word as Field extends `${string}?` ? never : Field]: ValueOf<Field>;
} & {
  readonly [Field in Word as Field extends `${infer Name}?` ? Name : never]?: ValueOf<WithoutMark<Field>> | undefined;
};
type WithoutMark<Word extends string> = Word extends `${infer Name}?` ? Name : Word;
type ValueOf<Field extends string> = Field extends LogFieldName ? LogFieldValue<Field> : never;
