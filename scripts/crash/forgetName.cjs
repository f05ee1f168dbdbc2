// SPDX-License-Identifier: Apache-2.0
'use strict';
/**
 * Loaded into a gateway before it starts: while the file that FORGET_NAME_FILE names exists, `localhost` does
 * not resolve in this process, as when a name server has lost a peer's name.
 */
const dns = require('node:dns');
const { existsSync } = require('node:fs');

const file = process.env.FORGET_NAME_FILE;
const { lookup } = dns.promises;
dns.promises.lookup = (hostname, ...rest) => {
  if (hostname !== 'localhost' || file === undefined || !existsSync(file)) {
    return lookup(hostname, ...rest);
  }
  const error = new Error(`getaddrinfo ENOTFOUND ${hostname}`);
  return Promise.reject(Object.assign(error, { code: 'ENOTFOUND', hostname, syscall: 'getaddrinfo' }));
};
