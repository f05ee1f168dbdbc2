// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import {
  DomainError,
  type IdentifierTable,
  type NormalIdentifier,
  type PatientIdentifier,
  RESERVED_SYSTEMS,
  subjectPseudonym,
} from '@chartwitness/chaincode/domain';

export interface PseudonymOptions {
  /** The network's identifier systems: the same at every organisation. */
  readonly table: IdentifierTable;
  /** The consortium's key: at least 32 bytes, the same at every organisation. */
  readonly consortiumKey: Uint8Array;
}

/** The one way from a patient's identifier to her ledger pseudonym, for hospital, trustee and tools. */
export interface Pseudonyms {
  readonly table: IdentifierTable;
  /**
   * undefined when the identifier names nobody: of a system that the network does not have, empty, overlong
   * or unprintable.
   * @param birthDate of the person where it is known, `YYYY…`: some numbers do not tell their century.
   */
  of(identifier: PatientIdentifier, birthDate?: string): string | undefined;
  /** Of an identifier that the table has normalised already. */
  ofNormal(identifier: NormalIdentifier): string | undefined;
  /**
   * Of a patient who has no identifier of the network's: by the holder's own logical id. No other holder's
   * patient and no identifier can have the same one, since no table may hold this system.
   */
  ofLocal(mspId: string, id: string): string;
}

/** Patients whose pseudonyms are remembered: a ward opens the same ones again and again. */
const MAX_REMEMBERED = 10_000;

/** @throws RangeError at the first pseudonym under a key of less than 32 bytes. */
export function createPseudonyms({ table, consortiumKey }: PseudonymOptions): Pseudonyms {
  const remembered = new Map<string, string>();
  const make = (system: string, value: string): string => {
    // A system holds no line break, so this text stands for one pair only.
    const text = `${system}\n${value}`;
    const known = remembered.get(text);
    if (known !== undefined) {
      return known;
    }
    const subject = subjectPseudonym(hmacSha256, consortiumKey, system, value);
    const [oldest] = remembered.keys();
    if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) {
      remembered.delete(oldest);
    }
    remembered.set(text, subject);
    return subject;
  };
  const ofNormal = ({ system, value }: NormalIdentifier): string | undefined => {
    try {
      return make(system, value);
    } catch (error) {
      if (error instanceof DomainError) {
        return undefined;
      }
      throw error;
    }
  };
  return {
    table,
    ofNormal,
    of: (identifier, birthDate) => {
      const normal = table.normalise(identifier, birthDate);
      return normal && ofNormal(normal);
    },
    ofLocal: (mspId, id) => make(`${RESERVED_SYSTEMS}local:${mspId}`, id),
  };
}

function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}
