import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/** Memory of this machine, or of the container where that is less. */
export const machineMemoryMib = (): number => {
  const limit = process.constrainedMemory();
  // 0 or an absurd number where no limit is set.
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.floor(bytes / MIB);
};
