/** Every event that a Millrace process may log, and nothing else. docs/logs.md says what each means. */
export const LOG_EVENTS = [
  // every role
  'role_started',
  'role_stopping',
  'role_stopped',
  'role_failed',
  'request_failed',
  'health_changed',
  // up
  'instance_ready',
  'child_started',
  'child_exited',
  // upload
  'upload_started',
  'upload_resumed',
  'upload_lock_taken',
  'upload_completed',
  'upload_duplicate',
  'upload_failed',
  'upload_broken_off',
  'upload_expired',
  'upload_terminated',
  'upload_sweep_failed',
  'video_renamed',
  'video_deleted',
  // orchestrate
  'job_started',
  'job_planned',
  'job_succeeded',
  'job_failed',
  'task_leased',
  'task_done',
  'task_failed',
  'task_returned',
  'task_dead',
  'lease_expired',
  'lease_refused',
  'video_published',
  'queue_error',
  'database_error',
  // transcode
  'task_claimed',
  'task_settled',
  'lease_lost',
  'orchestrator_unreachable',
  'segment_stored',
  'ffmpeg_started',
  'ffmpeg_exited',
  // serve
  'segment_served',
  'store_read_failed',
  'video_withdrawn',
  // route
  'session_started',
  'session_reassigned',
  'playback_proxied',
  'edge_up',
  'edge_down',
] as const;

export type LogEvent = (typeof LOG_EVENTS)[number];
