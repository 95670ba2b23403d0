/** What a person can do about a video that failed, by the code of its error. */
export function adviseOn(code: string): string {
  return ADVICE.get(code) ?? ADVICE_IN_GENERAL;
}

const ADVICE_IN_GENERAL =
  'Try again. If it fails in the same way, `millrace explain` with the id of the video tells what happened.';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['not_a_video', 'Check that the file plays on your computer, then upload one that holds video or audio.'],
  ['source_truncated', 'The file was cut off before it reached the server. Upload a complete copy.'],
  ['source_unsupported', 'Export it again with common dimensions and one video track, then upload that.'],
  ['digest_mismatch', 'The bytes changed on the way. Upload the file again.'],
  ['upload_incomplete', 'The upload broke off. Upload the file again.'],
  ['job_cancelled', 'What was done is kept: it can go on whenever you like.'],
  ['poison_task', 'A part of it made worker after worker break down. Export the file again, then upload that.'],
  ['store_unavailable', 'The storage could not be reached. Try again once it is back.'],
]);
