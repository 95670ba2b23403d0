import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DataStore, type Lock, type Locker, Upload as TusUpload } from '@tus/server';
import { DomainError } from '../../domain/errors.ts';
import type { UploadId, VideoId } from '../../domain/ids.ts';
import { offsetOf, type Upload } from '../../domain/upload-records.ts';
import type { Gate } from '../../lib/gate.ts';
import { enterGate } from '../enter-gate.ts';
import { readBody } from '../read-body.ts';
import { type RemoveDeps, removeUpload } from '../remove-upload.ts';
import type { HeldUpload, UploadLocks } from '../upload-locks.ts';
import { type AppendDeps, type Appended, appendToUpload } from './append-to-upload.ts';
import { parseChecksum } from './checksum.ts';
import { type CreateDeps, createUpload } from './create-upload.ts';

export type TusDeps = AppendDeps &
  CreateDeps &
  RemoveDeps & {
    readonly locks: UploadLocks;
    readonly transfers: Gate;
    readonly idleMs: number;
    readonly newUploadId: () => UploadId;
  };

/**
 * The store behind `@tus/server`, for one request: it knows the lock that the request holds and reads the bytes from
 * the connection itself, which spares them four streams on the way. The library checks the protocol around it.
 */
export class TusStore extends DataStore implements Locker {
  readonly #request: IncomingMessage;
  readonly #method: string;
  readonly #deps: TusDeps;
  readonly #signal: AbortSignal;
  #held: HeldUpload | undefined;
  #upload: Upload | undefined;
  #declaredBytes: number | undefined;
  /** For the headers of the answer. */
  videoId: VideoId | undefined;
  offset: number | undefined;
  /** Undefined for a finished upload, which does not expire. */
  expiresAtMs: number | undefined;

  constructor(request: IncomingMessage, method: string, deps: TusDeps, signal: AbortSignal) {
    super();
    this.#request = request;
    this.#method = method;
    this.#deps = deps;
    this.#signal = signal;
    this.extensions = [
      'creation',
      'creation-with-upload',
      'creation-defer-length',
      'checksum',
      'expiration',
      'termination',
    ];
  }

  newLock(id: string): Lock {
    return {
      lock: async () => {
        // What does not exist yet is locked by whoever creates it.
        if (this.#method === 'POST') return;
        this.#held = await this.#deps.locks.hold(id as UploadId);
      },
      unlock: async () => {
        await this.#held?.release();
        this.#held = undefined;
      },
    };
  }

  override async create(file: TusUpload): Promise<TusUpload> {
    const uploadId = file.id as UploadId;
    const creation = { uploadId, sizeBytes: file.size, metadata: file.metadata ?? {} };
    const { grant } = await createUpload(creation, this.#deps);
    if (grant) this.#held = this.#deps.locks.adopt(grant);
    await this.getUpload(uploadId);
    return file;
  }

  override async getUpload(id: string): Promise<TusUpload> {
    const upload = await this.#deps.uploads.find(id as UploadId);
    if (!upload) throw new DomainError('no_such_upload');
    if (upload.isExpired) throw new DomainError('upload_expired');
    this.#upload = upload;
    const { sizeBytes, videoId, expiresAtMs, isFinished } = upload;
    const offset = isFinished && sizeBytes !== null ? sizeBytes : offsetOf(upload);
    this.#tell({ offset, videoId, expiresAtMs }, isFinished);
    return new TusUpload({
      id,
      offset,
      ...(sizeBytes === null ? {} : { size: sizeBytes }),
      metadata: { ...upload.metadata },
    });
  }

  override async declareUploadLength(_id: string, sizeBytes: number): Promise<void> {
    this.#declaredBytes = sizeBytes;
  }

  override async write(unused: Readable): Promise<number> {
    unused.resume();
    const upload = this.#upload;
    if (!upload) throw new Error('bytes came before their upload was looked up');
    if (upload.isFinished) return upload.sizeBytes ?? 0;
    const held = this.#held;
    if (!held) throw new Error('bytes came for an upload that is not locked');
    const leave = await enterGate(this.#deps.transfers);
    try {
      return await this.#receive(upload, held);
    } finally {
      leave();
    }
  }

  async #receive(upload: Upload, held: HeldUpload): Promise<number> {
    const checksum = parseChecksum(this.#header('upload-checksum'));
    const signal = AbortSignal.any([held.signal, this.#signal]);
    const bytes = readBody(this.#request, { idleMs: this.#deps.idleMs, signal });
    const incoming = { bytes, checksum, declaredBytes: this.#declaredBytes };
    const appended = await appendToUpload(upload, incoming, held, this.#deps);
    const size = upload.sizeBytes ?? this.#declaredBytes;
    this.#tell(appended, appended.offset === size);
    return appended.offset;
  }

  override async remove(id: string): Promise<void> {
    const held = this.#held;
    await this.getUpload(id);
    if (!held || !this.#upload) throw new DomainError('no_such_upload');
    const { videoId, isFinished } = this.#upload;
    await removeUpload({ ...held.grant, videoId, isFinished }, this.#deps);
    this.#deps.log.info('upload_terminated', { videoId, uploadId: id });
    this.expiresAtMs = undefined;
  }

  #tell({ offset, videoId, expiresAtMs }: Appended, isFinished: boolean): void {
    this.offset = offset;
    this.videoId = videoId;
    this.expiresAtMs = isFinished ? undefined : expiresAtMs;
  }

  #header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  }
}
