// SPDX-License-Identifier: Apache-2.0
/** What other programs use of a native network. */
export { findBinaries } from './binaries';
export { type Network, type Organisation, readDescription } from './description';
export { freePortBase } from './freePorts';
export type { Place } from './layout';
export { clean, deploy, down, up } from './commands';
export { NetworkError } from './networkError';
export { recordedParts, running, type Start, startPart, stopPart } from './processes';
export { environmentOf, profileOf } from './profiles';
export { exclusively } from './state';
