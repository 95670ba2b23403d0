import type { AudioChunk, SteadySound } from './audio-chunks.ts';
import type { Captions } from './captions.ts';
import type { JobId, TaskId, VideoId } from './ids.ts';
import type { SourceRef } from './source.ts';

/** Frames per second as an exact fraction, e.g. 30000/1001. */
export type FrameRate = { readonly numerator: number; readonly denominator: number };

/** What a probe found in a source: facts only, no decisions. */
export type SourceFacts = {
  readonly container: string;
  readonly durationSeconds: number;
  readonly video?: VideoTrackFacts;
  readonly audio: readonly AudioTrackFacts[];
  /** A picture that a music file carries. */
  readonly coverStreamIndex?: number;
  /** Subtitles that are text; those that are pictures are left out. */
  readonly text?: readonly TextTrackFacts[];
};

export type TextTrackFacts = { readonly streamIndex: number; readonly codec: string; readonly language?: string };

export type VideoTrackFacts = {
  readonly streamIndex: number;
  readonly codec: string;
  /** Size as shown: after rotation and with square pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The constant rate of the output grid: the source's own, or the nearest standard one where it varies. */
  readonly frameRate: FrameRate;
  /** Frames of the whole video on that grid, which encoding must then find. */
  readonly frames: number;
  /** Time 0 of the grid, a timestamp of the track as the decimal text that ffmpeg is given back unchanged. */
  readonly startSeconds: string;
  /** How long after time 0 the first picture comes: the sound begins earlier, and that picture is shown meanwhile. */
  readonly leadSeconds?: number;
  /** The last of `frames`, in which the last picture is held because the sound goes on. */
  readonly heldFrames?: number;
  /** Time 0 for the sound, where the container has no presentation times and pictures come out of a decoder late. */
  readonly soundStartSeconds?: string;
  /** What is taken off timestamps after the first, second… jump in them, in seconds. Then nothing can be sought. */
  readonly jumps?: readonly string[];
  readonly interlaced: boolean;
  readonly squarePixels: boolean;
  /** Longest distance between keyframes seen near the start, in seconds: the preroll must be longer. */
  readonly keyframeIntervalSeconds: number;
  /** True where the container has an index, so that a seek lands on a keyframe whatever the preroll. */
  readonly seeksToKeyframe?: boolean;
  /** True for PQ and HLG, which are mapped to BT.709. */
  readonly highDynamicRange?: boolean;
  /** True for the colours of BT.2020 without high dynamic range, which are mapped, too. */
  readonly wideGamut?: boolean;
  /** True where pictures are stored as RGB. */
  readonly rgb?: boolean;
  /** True where pictures have transparent parts, which are laid over black. */
  readonly alpha?: boolean;
};

export type AudioTrackFacts = {
  readonly streamIndex: number;
  readonly codec: string;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly language?: string;
  /** True for the track that the file marks as the one to play. */
  readonly isDefault?: boolean;
  readonly startSeconds: string;
  readonly durationSeconds: number;
  /** As for pictures. */
  readonly jumps?: readonly string[];
  /** Set where a sample can be found exactly after a seek: all packets that were looked at follow one another. */
  readonly steady?: SteadySound;
};

/** One planned row of the ladder. */
export type Rung = {
  /** Also the rendition's name: v1080, v720… after the shorter side; v1080-hevc, v1080-av1. */
  readonly rendition: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly maxrateBps: number;
  readonly crf: number;
  /** Unset: h264, which every player decodes. */
  readonly codec?: VideoCodec;
};

export const VIDEO_CODECS = ['h264', 'hevc', 'av1'] as const;
export type VideoCodec = (typeof VIDEO_CODECS)[number];

/** The time grid that all chunks of a video share. Ticks are of the timescale. */
export type VideoGrid = {
  readonly frameRate: FrameRate;
  readonly frames: number;
  readonly gopFrames: number;
  readonly segmentFrames: number;
  readonly timescale: number;
  readonly ticksPerFrame: number;
  /** Presentation of frame 0: as long after the start as frames are decoded ahead. Sound is delayed alike. */
  readonly delayTicks: number;
};

/** A whole number of segments, encoded as one task. */
export type Chunk = {
  readonly chunk: number;
  readonly firstSegment: number;
  readonly firstFrame: number;
  readonly frames: number;
};

/** How an audio track is cut: segment n holds the AAC frames from boundaries[n] to boundaries[n + 1]. */
export type AudioPlan = {
  readonly rendition: string;
  readonly track: AudioTrackFacts;
  readonly sampleRateHz: number;
  readonly bitrateBps: number;
  /** Length of the rendition in samples; silence is added or the end is cut to reach it. */
  readonly samples: number;
  /** Where time 0 lies in the source: the video track's start, so that both stay in step. */
  readonly originSeconds: string;
  readonly segmentSeconds: number;
  /** Presentation of the first sample, in samples: the video's delay. */
  readonly delayTicks: number;
  /** Segments that one task encodes; unset where one task encodes all. */
  readonly chunkSegments?: number;
};

/** Everything that was decided for a job after its probe. */
export type JobPlan = {
  readonly facts: SourceFacts;
  readonly grid?: VideoGrid;
  readonly rungs: readonly Rung[];
  readonly chunks: readonly Chunk[];
  readonly audio: readonly AudioPlan[];
  /** All but the lowest rung is still to be chosen, after a trial. */
  readonly trial?: boolean;
};

type OfTask = { readonly source: SourceRef; readonly generation: number };
/** Its segments are played before the job is done: each is reported as soon as it is stored. */
type PlaysEarly = { readonly playsEarly?: boolean };
export type ProbeSpec = OfTask & { readonly kind: 'probe' };
export type EncodeSpec = OfTask &
  PlaysEarly & {
    readonly kind: 'encode';
    readonly track: VideoTrackFacts;
    readonly grid: VideoGrid;
    readonly rungs: readonly Rung[];
    readonly chunk: Chunk;
  };
/** A quick look at how hard the content is, before the ladder is chosen. */
export type TrialSpec = OfTask & { readonly kind: 'trial'; readonly track: VideoTrackFacts; readonly grid: VideoGrid };
export type AudioSpec = OfTask &
  PlaysEarly & { readonly kind: 'audio'; readonly plan: AudioPlan; readonly chunk?: AudioChunk };
export type ImagesSpec = OfTask & {
  readonly kind: 'images';
  /** Of the video, or the stream of the cover where there is only sound. */
  readonly from: { readonly track: VideoTrackFacts } | { readonly coverStreamIndex: number };
  readonly durationSeconds: number;
};
export type TextSpec = OfTask & {
  readonly kind: 'text';
  readonly tracks: readonly TextTrackFacts[];
  /** Time 0 in the source, from which cues are counted. */
  readonly originSeconds: string;
  readonly durationSeconds: number;
};
export type PublishSpec = OfTask & { readonly kind: 'publish' };
export type TaskSpec = ProbeSpec | TrialSpec | EncodeSpec | AudioSpec | ImagesSpec | TextSpec | PublishSpec;
export type TaskKind = TaskSpec['kind'];

/** A segment that stands validated in the object store. */
export type StoredSegment = {
  readonly segment: number;
  readonly sizeBytes: number;
  readonly durationTicks: number;
  /** Of pictures: offset and length of the bytes that show the keyframe of each GOP. */
  readonly keyframes?: readonly (readonly [offset: number, sizeBytes: number])[];
};

/** What one task stored of one rendition. */
export type StoredRendition = {
  readonly rendition: string;
  /** RFC 6381, e.g. avc1.64001f or mp4a.40.2. */
  readonly codec: string;
  readonly timescale: number;
  readonly initSha256: string;
  readonly initSizeBytes: number;
  readonly segments: readonly StoredSegment[];
};

/** What a constant-quality encode of a few samples took, at one small size. */
export type TrialResult = {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Bits per second of each sample. */
  readonly ratesBps: readonly number[];
};
export type TextResult = { readonly tracks: readonly Captions[] };
/** Which of them there are. */
export type ImagesResult = { readonly poster: boolean; readonly storyboard: boolean };
export type EncodeResult = { readonly renditions: readonly StoredRendition[] };
export type TaskResult<K extends TaskKind = TaskKind> = K extends 'probe'
  ? SourceFacts
  : K extends 'trial'
    ? TrialResult
    : K extends 'images'
      ? ImagesResult
      : K extends 'text'
        ? TextResult
        : K extends 'publish'
          ? Record<string, never>
          : EncodeResult;

/** A task that this worker may work on until its lease ends. The token fences every later call. */
export type LentTask = {
  readonly taskId: TaskId;
  readonly jobId: JobId;
  readonly videoId: VideoId;
  readonly attempt: number;
  readonly token: number;
  readonly leaseMs: number;
  readonly spec: TaskSpec;
};

export type TaskFailure = {
  readonly code: string;
  readonly message: string;
  /** Last lines that ffmpeg wrote, if it was the one that failed. */
  readonly tail?: string;
  readonly cause: FailureCause;
};

/**
 * What an attempt failed on decides what follows:
 * `input`: the same bytes would fail the same way, so nothing is tried again;
 * `store`: the object store did not answer: tried again until it does, which uses up no attempt;
 * `worker`: whoever worked on it died or fell silent: tried elsewhere, a few times;
 * `outage`: the database was away, or nobody could hear whether the holder lives: tried again, which uses up no attempt;
 * `attempt`: anything else: tried again with growing pauses, a few times.
 */
export type FailureCause = 'input' | 'store' | 'worker' | 'outage' | 'attempt';

/** What a task asks of the worker that gets it. */
export type TaskNeeds = {
  readonly memoryMib: number;
  /** Names of ffmpeg encoders, e.g. libx264, and of features (worker-contract.ts). */
  readonly encoders: readonly string[];
};
