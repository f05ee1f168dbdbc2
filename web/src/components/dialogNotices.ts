// SPDX-License-Identifier: Apache-2.0
import { createContext, type ReactNode } from 'react';

/** What a dialog shows above its content: a modal dialog makes the page's own messages unreachable. */
export const DialogNotices = createContext<ReactNode>(null);
