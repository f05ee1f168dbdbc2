// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/**
 * Processor time of a process so far, all threads, milliseconds (Linux; fields 14 and 15 of /proc/PID/stat).
 */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The program's name may hold spaces and brackets; the fields begin after its last one.
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
