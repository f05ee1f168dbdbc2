// SPDX-License-Identifier: Apache-2.0
import request, { type Response } from 'supertest';
import {
  accessToken,
  type AssertionChanges,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
} from '../gateway/hospital/hospitalFixture';

/** A hospital with one patient's record that a token attack aims at. */
export interface TokenTarget {
  readonly hospital: Hospital;
  /** A token signed with the gateway's own key, with changes to claims or header. */
  sign(changes?: AssertionChanges): Promise<string>;
  call(token: string): Promise<Response>;
  /** The token is refused with the one code, and neither data nor a record of an access came of it. */
  expectRefused(token: string): Promise<void>;
}

/** @param nowSeconds the gateway's clock; absent: the present. */
export async function createTarget(nowSeconds?: number): Promise<TokenTarget> {
  const hospital = await createHospital(nowSeconds === undefined ? {} : { clock: () => nowSeconds * 1000 });
  const path = `/fhir/Patient/${patientId(hospital, 'Conn')}`;
  const call = async (token: string): Promise<Response> =>
    request(hospital.app).get(path).set('authorization', `Bearer ${token}`);
  return {
    hospital,
    sign: (changes) => accessToken(hospital.signingKey, 'ES256', changes, nowSeconds),
    call,
    expectRefused: async (token) => {
      const before = hospital.recorder.requests.length;
      const response = await call(token);
      expect([response.status, outcomeCode(response)]).toEqual([401, 'INVALID_TOKEN']);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
      expect(response.text).not.toContain('Conn');
      expect(hospital.recorder.requests).toHaveLength(before);
    },
  };
}

export const encodePart = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** The token with another header in front of the same claims and signature. */
export function withHeader(token: string, header: Readonly<Record<string, unknown>>): string {
  const [, claims = '', signature = ''] = token.split('.');
  return `${encodePart(header)}.${claims}.${signature}`;
}
