/** Why playback ended for good, with what the viewer can do about it. */
export type Failure = { readonly code: FailureCode; readonly message: string };
export type FailureCode = keyof typeof MESSAGES;

const MESSAGES = {
  unsupported: 'This browser cannot play segmented video. Use a current Chrome, Edge, Firefox or Safari.',
  interrupted: 'The segment servers do not answer. Check the connection, then try again.',
  undecodable: 'This browser cannot decode the video. Update it, or open this page in another one.',
  gone: 'This video is no longer there. Ask whoever gave you its address for another one.',
  denied:
    'This video is private, and the address of this page is not, or no longer, allowed to play it. Ask for a new one.',
  broken: 'The player broke down. Try again; it goes on where it stopped.',
} as const;

export const failureOf = (code: FailureCode): Failure => ({ code, message: MESSAGES[code] });
