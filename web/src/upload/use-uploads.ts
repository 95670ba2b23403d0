import { useSyncExternalStore } from 'react';
import type { QueuedUpload, UploadQueue } from './upload-queue.ts';

export const useUploads = (queue: UploadQueue): readonly QueuedUpload[] =>
  useSyncExternalStore(queue.subscribe, queue.list);
