// SPDX-License-Identifier: Apache-2.0
const RealDate = Date;

/**
 * Makes this program's clock wrong by `offsetMs`; 0 puts it right. A proposal's timestamp is the client's own
 * time.
 */
export function shiftClock(offsetMs: number): void {
  if (offsetMs === 0) {
    globalThis.Date = RealDate;
    return;
  }
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now() + offsetMs] : args, newTarget) as object,
    get: (target, name) =>
      name === 'now' ? () => target.now() + offsetMs : (Reflect.get(target, name) as unknown),
  });
}
