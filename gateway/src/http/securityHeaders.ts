// SPDX-License-Identifier: Apache-2.0
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * `api`: answers are data, nothing may be loaded or framed. `portal`: the patient's portal and its sign-in
 * form.
 */
export type ContentKind = 'api' | 'portal';

const NONE = ["'none'"];
const SELF = ["'self'"];

const DIRECTIVES: Readonly<Record<ContentKind, Record<string, string[]>>> = {
  api: { 'default-src': NONE, 'frame-ancestors': NONE, 'base-uri': NONE, 'form-action': NONE },
  portal: {
    'default-src': NONE,
    'script-src': SELF,
    'style-src': SELF,
    'connect-src': SELF,
    'img-src': ["'self'", 'data:'],
    'font-src': SELF,
    'manifest-src': SELF,
    'form-action': SELF,
    'frame-ancestors': NONE,
    'base-uri': NONE,
    'require-trusted-types-for': ["'script'"],
  },
};

/**
 * Security headers with a Content-Security-Policy that allows nothing inline and nothing from elsewhere.
 * @param https whether the public URL is https; only then is Strict-Transport-Security sent.
 */
export function securityHeaders(kind: ContentKind, https: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES[kind] },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}
