// SPDX-License-Identifier: Apache-2.0

/** A connection string as it may be printed: without user and password. */
export const redactedUri = (uri: string): string => uri.replace(/^([a-z+]+:\/\/)[^/@]*@/, '$1…@');
