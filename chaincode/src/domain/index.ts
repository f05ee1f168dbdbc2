// SPDX-License-Identifier: Apache-2.0
export * from './accessEvent';
export * from './accessRequest';
export * from './batch';
export * from './consent';
export * from './errors';
export * from './ledgerEvents';
export * from './registry';
