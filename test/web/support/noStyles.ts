// SPDX-License-Identifier: Apache-2.0
/** Stands for a style sheet: nothing is laid out in these tests. */
export {};
