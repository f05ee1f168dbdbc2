// SPDX-License-Identifier: Apache-2.0
/**
 * For suites that drive programs which this project does not own (a browser, Fabric's peers): a test that
 * failed runs once more, and its first failure is printed. It still fails when it fails twice.
 */
jest.retryTimes(1, { logErrorsBeforeRetry: true });
