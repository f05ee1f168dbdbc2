// SPDX-License-Identifier: Apache-2.0
import type { IdentifierSystem } from '@chartwitness/chaincode/domain';
import type { z } from 'zod';
import { COMMON_VARIABLES } from './commonVariables';
import type { ConfigReader } from './configReader';
import { FABRIC_VARIABLES } from './fabricVariables';
import { MIN_SECRET_BYTES } from './forms';
import { type ChannelConfig, channelOf, type PeerConfig, peerOf } from './peerConfig';
import type { Secret } from './secret';
import type { shapeOf } from './variable';

/** Of both roles. */
export interface CommonConfig extends ChannelConfig {
  readonly host: string;
  readonly port: number;
  readonly baseUrl: string;
  readonly dataDir: string;
  readonly logLevel: string;
  readonly consortiumKey: Secret;
  /** Reverse proxies before this service. */
  readonly trustedProxies: number;
  /** Requests a minute; absent: the role's defaults. */
  readonly requestLimits: { readonly anonymous: number | undefined; readonly caller: number | undefined };
  /** Where operators read metrics and detailed readiness; no port: the role's own. */
  readonly operations: { readonly host: string; readonly port: number | undefined };
  /** As the ledger's settings have them; compared at start. */
  readonly subjectIdentifierSystems: readonly IdentifierSystem[];
  /** Absent: the embedded ledger is started in this process. */
  readonly peer: PeerConfig | undefined;
}

export const COMMON = { ...COMMON_VARIABLES, ...FABRIC_VARIABLES } as const;

type CommonValues = z.infer<ReturnType<typeof shapeOf<typeof COMMON>>>;

export function commonOf(values: CommonValues, reader: ConfigReader): CommonConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    baseUrl: values.BASE_URL,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    consortiumKey: reader.secret('CONSORTIUM_KEY_FILE', values.CONSORTIUM_KEY_FILE, MIN_SECRET_BYTES),
    trustedProxies: values.TRUSTED_PROXIES,
    requestLimits: { anonymous: values.ANONYMOUS_REQUESTS_A_MINUTE, caller: values.CALLER_REQUESTS_A_MINUTE },
    operations: { host: values.OPERATIONS_HOST, port: values.OPERATIONS_PORT },
    subjectIdentifierSystems: values.SUBJECT_IDENTIFIER_SYSTEMS,
    ...channelOf(values),
    peer: peerOf(values, reader),
  };
}
