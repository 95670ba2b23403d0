/** As the server cuts sources (PART_SIZE_BYTES of the domain; a test holds them equal). */
export const HASH_PART_BYTES = 8 * 1024 * 1024;
/** WebCrypto digests on threads of its own: more parts at once keep them busy, and 24 MiB are no burden. */
const PARTS_AT_ONCE = 3;

export type HashOptions = {
  readonly onHashed: (bytes: number) => void;
  readonly signal: AbortSignal;
};

/** SHA-256 over the concatenated SHA-256 digests of the parts, in hex: the server's contentId. */
export async function hashFile(file: Blob, { onHashed, signal }: HashOptions): Promise<string> {
  const count = Math.ceil(file.size / HASH_PART_BYTES);
  const digests = new Uint8Array(count * 32);
  let next = 0;
  let hashedBytes = 0;
  async function hashParts(): Promise<void> {
    while (next < count) {
      const part = next++;
      signal.throwIfAborted();
      const bytes = await file.slice(part * HASH_PART_BYTES, (part + 1) * HASH_PART_BYTES).arrayBuffer();
      digests.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), part * 32);
      hashedBytes += bytes.byteLength;
      onHashed(hashedBytes);
    }
  }
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, hashParts));
  signal.throwIfAborted();
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', digests)));
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
