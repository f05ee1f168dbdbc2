// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Digest } from '../domain';

export const sha256: Digest = (data) => createHash('sha256').update(data).digest();
