// SPDX-License-Identifier: Apache-2.0
declare module '*?first' {
  export const words: Partial<import('./en').Words>;
}
declare module '*?rest' {
  export const words: Partial<import('./en').Words>;
}
