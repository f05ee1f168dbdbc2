// SPDX-License-Identifier: Apache-2.0

// The session's own cookie cannot be read here. The server sets one beside it that says only that there may
// be a session: without it nothing is asked for, and nobody who is signed out finds refused requests in the
// browser's console.
const HINT = /(?:^|; )cw_here=/;

export function mayBeSignedIn(): boolean {
  return HINT.test(document.cookie);
}
