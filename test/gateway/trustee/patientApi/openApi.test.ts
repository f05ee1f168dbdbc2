// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '../../../../gateway/src/trustee/patientApi/openApiDocument';

const FOLDER = join(__dirname, '../../../../gateway/src/trustee/patientApi');
const ROUTE = /\.(get|post|put|patch|delete)\(\s*'(\/[^']*)'/g;

/** "get /accesses/{id}" of each route that the source of the API's folder names. */
function routesIn(source: string): readonly string[] {
  return [...source.matchAll(ROUTE)].map(
    ([, method = '', path = '']) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
}

test('every route of the patient API is in its OpenAPI document, and no other', () => {
  const source = readdirSync(FOLDER)
    .map((file) => readFileSync(join(FOLDER, file), 'utf8'))
    .join('\n');
  const { paths = {} } = openApiDocument('https://trustee.example', 'https://trustee.example/oidc');
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routesIn(source).length).toBeGreaterThan(6);
  expect([...routesIn(source)].sort()).toEqual(described.sort());
});

test('a route that nobody described would be seen, also over several lines', () => {
  expect(routesIn("router.get('/grants/:id', (a, b) => b);\nrouter.delete(\n  '/grants',\n")).toEqual([
    'get /grants/{id}',
    'delete /grants',
  ]);
});
