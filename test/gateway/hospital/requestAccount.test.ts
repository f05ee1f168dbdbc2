// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { NoRoom, type PreparedUpstream, type Room } from '../../../gateway/src/fhir/sources/upstream';
import { PagedUpstream } from '../../../gateway/src/hospital/pagedUpstream';
import { type Kept, RequestAccount } from '../../../gateway/src/hospital/requestAccount';
import { SMALL_BYTES } from '../../../gateway/src/hospital/sourceMemory';

const KIB = 1024;
const MIB = 1024 * KIB;
const PLACE = 4 * MIB;
const NEVER = new AbortController().signal;

const room: Room = {
  reserve: (bytes) => {
    if (bytes > PLACE) {
      throw new NoRoom();
    }
  },
};

/** A source whose answers are so many bytes as their ids say, and arrive when they may. */
class Arriving {
  /** Bytes in memory by reading. */
  readonly live = new Map<object, number>();
  most = 0;
  #page: object | undefined;
  readonly #arrive: () => Promise<void>;

  constructor(arrive: () => Promise<void> = () => Promise.resolve()) {
    this.#arrive = arrive;
  }

  async read(own: Room, bytes: number, isPage: boolean): Promise<FhirResource> {
    const reading = {};
    if (isPage && this.#page !== undefined) {
      this.live.delete(this.#page);
    }
    this.#page = isPage ? reading : this.#page;
    try {
      for (const so of [bytes / 2, bytes]) {
        await this.#arrive();
        own.reserve(so);
        this.live.set(reading, so);
        this.most = Math.max(
          this.most,
          [...this.live.values()].reduce((sum, one) => sum + one, 0),
        );
      }
      await this.#arrive();
      return { resourceType: 'Patient', id: String(bytes) };
    } catch (error) {
      this.live.delete(reading);
      throw error;
    } finally {
      if (!isPage) {
        this.live.delete(reading);
      }
    }
  }

  get upstream(): PreparedUpstream {
    const over = (own: Room): PreparedUpstream => ({
      baseUrl: undefined,
      labels: 'everywhere',
      names: undefined as never,
      within: over,
      read: (_type, id) => this.read(own, Number(id), true),
      search: () => Promise.reject(new Error('not asked')),
      everything: () => Promise.reject(new Error('not asked')),
      page: () => Promise.reject(new Error('not asked')),
      isReady: () => Promise.resolve({ ready: true }),
    });
    return over({ reserve: () => undefined });
  }
}

const keepsNothing = <T>(value: T): Kept<T> => ({ value, bytes: 0 });

test('whatever is read at once: all of it together keeps to the place, but for 256 KiB; and no page depends on it', async () => {
  const size = fc.constantFrom(KIB, 200 * KIB, 300 * KIB, 1.5 * MIB, 3 * MIB, 5 * MIB);
  await fc.assert(
    fc.asyncProperty(
      fc.array(size, { maxLength: 3 }),
      fc.array(size, { maxLength: 10 }),
      fc.scheduler(),
      async (pages, asides, scheduler) => {
        const source = new Arriving(() => scheduler.schedule(Promise.resolve()));
        const account = new RequestAccount(room);
        const paged = new PagedUpstream(account, source.upstream, undefined);
        const read = async (): Promise<boolean[]> => {
          const found: boolean[] = [];
          for (const bytes of pages) {
            found.push(
              await paged.read('Bundle', String(bytes), NEVER).then(
                () => true,
                () => false,
              ),
            );
          }
          return found;
        };
        const all = [
          read(),
          ...asides.map((bytes) =>
            account
              .aside((own) => source.read(own, bytes, false), keepsNothing)
              .then(
                () => true,
                (error: unknown) => {
                  expect(error).toBeInstanceOf(NoRoom);
                  return false;
                },
              ),
          ),
        ] as const;
        await scheduler.waitFor(Promise.all(all));
        expect(await all[0]).toEqual(pages.map((bytes) => bytes <= PLACE));
        expect(source.most).toBeLessThanOrEqual(PLACE + SMALL_BYTES);
      },
    ),
    { numRuns: 300 },
  );
});

test('what finds no room beside others is read again alone', async () => {
  const source = new Arriving();
  const account = new RequestAccount(room);
  const aside = (bytes: number): Promise<FhirResource> =>
    account.aside((own) => source.read(own, bytes, false), keepsNothing);
  const page = new PagedUpstream(account, source.upstream, undefined).read('Bundle', String(2 * MIB), NEVER);
  const found = await Promise.allSettled([aside(1.5 * MIB), aside(1.9 * MIB), aside(2.5 * MIB), page]);
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(source.most).toBeLessThanOrEqual(PLACE);
});

test('what stays of it counts from then on', async () => {
  const source = new Arriving();
  const account = new RequestAccount(room);
  await account.aside(
    (own) => source.read(own, MIB, false),
    (value) => ({ value, bytes: MIB }),
  );
  const paged = new PagedUpstream(account, source.upstream, undefined);
  await expect(paged.read('Bundle', String(3.5 * MIB), NEVER)).rejects.toBeInstanceOf(NoRoom);
  expect((await paged.read('Bundle', String(3 * MIB), NEVER))?.id).toBe(String(3 * MIB));
});
