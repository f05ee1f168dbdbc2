// SPDX-License-Identifier: Apache-2.0
import { run } from './commands/run';

void run(process.argv).then((code) => {
  if (code === 0) {
    process.exitCode = code;
  } else {
    // What had been opened until the command failed would keep the process for ever. A supervisor starts one
    // that ends; every store is written so that a process may end at any moment.
    process.exit(code);
  }
});
