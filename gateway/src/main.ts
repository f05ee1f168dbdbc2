// SPDX-License-Identifier: Apache-2.0
import { run } from './commands/run';

void run(process.argv).then((code) => {
  process.exitCode = code;
});
