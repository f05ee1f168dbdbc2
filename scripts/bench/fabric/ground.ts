// SPDX-License-Identifier: Apache-2.0
import type { JWK } from 'jose';
import type { RecorderLimits } from '../../../gateway/dist/recorder/limits';
import type { BenchNetwork } from './benchNetwork';
import type { FabricGateway } from './gateway';
import type { Report } from './report';

/** Where accesses are handed in: at the recorder, or over the FHIR interface. */
export type Level = 'ledger' | 'http';
export type VariantKey = 'a' | 'b' | 'c';

export interface FabricOptions {
  /** Of one measurement. */
  readonly seconds: number;
  readonly diskSeconds: number;
  readonly callers: readonly number[];
  readonly subjects: readonly number[];
  readonly events: number;
  readonly pages: number;
  readonly variants: readonly VariantKey[];
  readonly levels: readonly Level[];
  readonly limits: Partial<RecorderLimits>;
  /** Where processes leave CPU profiles. */
  readonly profile: string | undefined;
  /** A network that is kept. */
  readonly data: string | undefined;
}

/** What each part of the benchmark measures on. */
export interface FabricGround {
  readonly bench: BenchNetwork;
  readonly report: Report;
  readonly privateJwk: JWK;
  readonly options: FabricOptions;
  /** Settings, organisations and the load's client, after each new definition of the chaincode. */
  register(): Promise<void>;
}

/** Runs `work` with gateways of the hospital, each a process with a lane of its own. */
export type WithGateways = (
  count: number,
  work: (gateways: readonly FabricGateway[]) => Promise<void>,
) => Promise<void>;
