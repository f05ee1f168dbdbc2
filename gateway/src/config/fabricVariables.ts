// SPDX-License-Identifier: Apache-2.0
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { absent, endpoint } from './forms';
import type { Variables } from './variable';

/** How to reach the organisation’s peer, and as whom. */
export const FABRIC_VARIABLES = {
  FABRIC_PEER_ENDPOINT: {
    what: "host:port of the organisation's Fabric peer",
    example: 'peer0.hospital.example:7051',
    form: absent.pipe(endpoint.optional()),
  },
  FABRIC_CHANNEL: {
    what: 'channel name',
    example: 'chartwitness',
    form: z.string().min(1).default('chartwitness'),
  },
  FABRIC_CHAINCODE: {
    what: 'chaincode name',
    example: 'provenance',
    form: z.string().min(1).default('provenance'),
  },
  FABRIC_MSP_ID: {
    what: "the organisation's MSP id",
    example: 'NorthHospitalMSP',
    form: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be an MSP id'),
  },
  FABRIC_CERT_FILE: {
    what: 'PEM file with the X.509 certificate that signs transactions',
    example: '/etc/chartwitness/gateway.crt',
    form: absent,
  },
  FABRIC_KEY_FILE: {
    what: 'PEM file with its private key; not with the FABRIC_HSM_ variables',
    example: '/run/secrets/gateway.key',
    form: absent,
  },
  FABRIC_HSM_LIBRARY: {
    what: 'absolute path of the PKCS#11 module, when the private key is in a hardware security module instead of FABRIC_KEY_FILE',
    example: '/usr/lib/softhsm/libsofthsm2.so',
    form: absent.pipe(z.string().refine(isAbsolute, 'must be an absolute path').optional()),
  },
  // A token's label has 32 bytes, filled with blanks.
  FABRIC_HSM_TOKEN: {
    what: 'label of the PKCS#11 token that holds the private key',
    example: 'chartwitness',
    form: absent.pipe(
      z
        .string()
        .regex(/^\S(.{0,30}\S)?$/, 'must be a label of 1–32 characters without blanks at its ends')
        .optional(),
    ),
  },
  FABRIC_HSM_PIN_FILE: {
    what: "file with the token's user PIN, readable by its owner alone (mode 600)",
    example: '/run/secrets/hsm.pin',
    form: absent,
  },
  FABRIC_HSM_KEY_ID: {
    what: "CKA_ID of the private key, hexadecimal; absent: the certificate's subject key identifier, as Fabric's tools set it",
    example: '5a3f09c2',
    form: absent.pipe(
      z
        .string()
        .regex(/^([0-9a-fA-F]{2})+$/, 'must be bytes in hexadecimal')
        .transform((value) => Uint8Array.from(Buffer.from(value, 'hex')))
        // The fabric-gateway client takes such an id for none at all.
        .refine(
          (id) => Buffer.from(id).toString().trim() !== '',
          'is of white space alone as text, which the Fabric client refuses; give the key another CKA_ID',
        )
        .optional(),
    ),
  },
  FABRIC_TLS_CA_FILE: {
    what: "PEM file with the CA of the peer's TLS certificate",
    example: '/etc/chartwitness/tls-ca.crt',
    form: absent,
  },
  FABRIC_CLIENT_TLS_CERT_FILE: {
    what: 'PEM file with the client certificate for mutual TLS',
    example: '/etc/chartwitness/client.crt',
    form: absent,
  },
  FABRIC_CLIENT_TLS_KEY_FILE: {
    what: 'PEM file with its key',
    example: '/run/secrets/client.key',
    form: absent,
  },
  FABRIC_ORDERER_ENDPOINTS: {
    what: "host:port of the channel's orderers, comma-separated, for when the own peer reaches none; absent: the peer alone hands transactions on",
    example: 'orderer0.consortium.example:7050,orderer1.consortium.example:7050',
    form: absent.pipe(
      z
        .string()
        .transform((value) => value.split(',').map((one) => one.trim()))
        .pipe(z.array(endpoint))
        .optional(),
    ),
  },
  FABRIC_ORDERER_TLS_CA_FILE: {
    what: "PEM file with the CAs of the orderers' TLS certificates",
    example: '/etc/chartwitness/orderer-tls-ca.crt',
    form: absent,
  },
} as const satisfies Variables;
