// SPDX-License-Identifier: Apache-2.0
declare module '*?first' {
  import type { Words } from './en';

  export const words: Partial<Words>;
}
declare module '*?rest' {
  import type { Words } from './en';

  export const words: Partial<Words>;
}
