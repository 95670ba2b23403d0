/** What every answer tells browsers. What is no page must not become one: nothing in it runs, loads or is framed. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  // Addresses of videos are only as secret as they are kept.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'content-security-policy': "default-src 'none'; media-src 'self'; sandbox; frame-ancestors 'none'",
};

export type PagePolicy = {
  /** Origins beside our own that pages load playlists and segments from. */
  readonly mediaOrigins: readonly string[];
  /** Who may show the page in a frame, as CSP names them. */
  readonly frameAncestors: readonly string[];
};

/**
 * Scripts come from our files alone: none inline, none evaluated. Styles may stand inline, because the elements of
 * media-chrome bring theirs inside their shadow trees. Media of Media Source Extensions have blob: addresses, and so
 * has the worker of hls.js.
 */
export const pagePolicy = ({ mediaOrigins, frameAncestors }: PagePolicy): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    // Both players give their captions to an empty text track of that form.
    ['media-src', "'self'", 'blob:', 'data:', ...mediaOrigins].join(' '),
    ['connect-src', "'self'", ...mediaOrigins].join(' '),
    "worker-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    ['frame-ancestors', ...frameAncestors].join(' '),
  ].join('; ');
