/**
 * What workers and orchestrators say to each other has a number. It grows when the one before is not enough any more;
 * a field that is added, or a task that names what it asks for (FEATURES), leaves it as it is.
 */
export const WORKER_CONTRACT = 1;

/** Workers that speak less are refused. Those of a time before the number do not say any, which is 1. */
export const OLDEST_WORKER_CONTRACT = 1;

/** Sound is encoded in parts. A worker that knows nothing of parts would encode all of it, for each of them. */
export const AUDIO_CHUNKS = 'audio-chunks';

/**
 * Kinds of work that workers of earlier versions would do wrongly. A task names the one that it asks for beside the
 * encoders that it needs, and a worker those that it knows beside its encoders: every orchestrator, of whatever version,
 * then lends it to no other.
 */
export const FEATURES: readonly string[] = [AUDIO_CHUNKS];

export const contractOf = ({ contract = 1 }: { readonly contract?: number | undefined }): number => contract;
