/**
 * Closes what was opened, once: at the end, or on Ctrl-C and the like, which then ends the process with 1. All who close
 * wait for the same end: what runs fails when its platform is taken away, and must not end the process before the rest is
 * gone.
 */
export function closeOnce(opened: AsyncDisposableStack): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= opened.disposeAsync();
    return closing;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().finally(() => process.exit(1)));
  return close;
}
