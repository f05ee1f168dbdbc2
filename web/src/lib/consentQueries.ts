// SPDX-License-Identifier: Apache-2.0
import { queryOptions } from '@tanstack/react-query';
import { fetchConsent, fetchConsentHistory } from './consentApi';

export const consentQuery = queryOptions({
  queryKey: ['consent'],
  queryFn: ({ signal }) => fetchConsent(signal),
});

export const historyQuery = queryOptions({
  queryKey: ['consent', 'history'],
  queryFn: ({ signal }) => fetchConsentHistory(signal),
});
