/** The network between one player and the platform; one line carries one session. */
export type Line = AsyncDisposable & {
  /** What shapes it, for the report. */
  readonly kind: string;
  /** The platform, as the player reaches it over this line. */
  readonly url: string;
  /** The browser to start, where it has to live at the far end of the line. */
  readonly browserPath?: string;
  /** What is tried is the network: a browser that gets no processor on a busy machine stalls as well. */
  preferBrowser?(): Promise<void>;
  /** What the line carries from now on. */
  give(bitsPerSecond: number): Promise<void>;
};
export type OpenLine = (targetUrl: string) => Promise<Line>;
