// SPDX-License-Identifier: Apache-2.0
import { isGatewayParameter } from './searchParameters';

/** How a source is to treat parameters that it does not support (FHIR R4 §3.1.1.6, `Prefer: handling=…`). */
export type Handling = 'strict' | 'lenient';

/**
 * What the gateway itself sees to, whatever the source does with it: paging, and that everything is of the
 * one patient.
 */
const BINDING = /^(patient|subject)(:Patient)?$/;
const PATIENT_BINDING = /^(_id|identifier)$/;

function isSeenTo(type: string, name: string): boolean {
  return isGatewayParameter(name) || (type === 'Patient' ? PATIENT_BINDING : BINDING).test(name);
}

/**
 * Which of the parameters of a search for `type` took effect: those that the gateway sees to itself, and
 * those that stand in the source's `self` link, under whatever spelling of their values. A source that says
 * nothing has applied nothing.
 */
export function appliedParameters(
  type: string,
  sent: URLSearchParams,
  self: URLSearchParams | undefined,
): URLSearchParams {
  return new URLSearchParams(
    [...sent].filter(([name, value]) => isSeenTo(type, name) || stands(name, value, sent, self)),
  );
}

/** Names of the parameters that did not take effect, each once. */
export function ignoredParameters(
  type: string,
  sent: URLSearchParams,
  self: URLSearchParams | undefined,
): readonly string[] {
  const ignored = [...sent].filter(
    ([name, value]) => !isSeenTo(type, name) && !stands(name, value, sent, self),
  );
  return [...new Set(ignored.map(([name]) => name))];
}

function stands(
  name: string,
  value: string,
  sent: URLSearchParams,
  self: URLSearchParams | undefined,
): boolean {
  const said = self?.getAll(name) ?? [];
  // A source may write a value in its own way. Fewer values than were sent means that one of them was
  // dropped.
  return said.includes(value) || (said.length > 0 && said.length >= sent.getAll(name).length);
}
