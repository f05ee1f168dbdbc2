// SPDX-License-Identifier: Apache-2.0
import { AccessContract } from './contract/accessContract';
import { ConsentContract } from './contract/consentContract';
import { RegistryContract } from './contract/registryContract';
import { noticeOffers } from './shim/manyReads';
import { quietLoggers } from './shim/quietLoggers';

noticeOffers();
quietLoggers();

/** The contracts of the chaincode `provenance`, as fabric-shim loads them. */
export const contracts = [RegistryContract, ConsentContract, AccessContract];
