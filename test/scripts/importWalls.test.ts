// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** A file of each side of a wall, an import that it refuses, and one that it lets through. */
const WALLS = [
  [
    'chaincode/src/domain/x.ts',
    ['node:crypto', 'crypto', 'zod', 'fabric-shim', '../contract/x'],
    './consent',
  ],
  ['gateway/src/api/x.ts', ['express', 'node:fs', 'fs', '../http/x', '@hyperledger/fabric-gateway'], 'zod'],
  ...['hospital', 'trustee', 'fhir', 'recorder', 'readmodel', 'auth', 'http'].map(
    (folder) =>
      [
        `gateway/src/${folder}/x.ts`,
        ['@grpc/grpc-js', '@hyperledger/fabric-gateway', '../embedded', '../embedded/peer'],
        '../ledger/provenanceLedger',
      ] as const,
  ),
  [
    'gateway/src/embedded/x.ts',
    ['../hospital/x', '../trustee/x', '../recorder/x', '../fhir/x', '../readmodel/x'],
    './peer',
  ],
  [
    'web/src/words/x.ts',
    ['../app/App', '../features/x', '../components/x', '../lib/x', '@api/schemas'],
    './context',
  ],
  ['web/src/lib/x.ts', ['../app/App', '../features/keep/x', '../components/Name'], '../words/context'],
  ['web/src/components/x.tsx', ['../app/App', '../features/keep/x'], '../lib/dates'],
  [
    'web/src/features/timeline/x.tsx',
    ['../../app/App', '../consent/x', '../entry/x', '../keep/x', '../session/x'],
    '../../components/Name',
  ],
] as const satisfies readonly (readonly [string, readonly string[], string])[];

/** Lints texts in a process of its own: the configuration is a module that this one cannot load. Answers with the messages of each. */
function lint(texts: readonly { file: string; text: string }[]): readonly (readonly string[])[] {
  const script = `
    import { ESLint } from 'eslint';
    import { text } from 'node:stream/consumers';
    const eslint = new ESLint({
      overrideConfigFile: 'scripts/eslint.config.mjs',
      // The rule needs no types, and the files do not exist.
      overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
      ruleFilter: ({ ruleId }) => ruleId === '@typescript-eslint/no-restricted-imports',
    });
    const answers = [];
    for (const { file, text: code } of JSON.parse(await text(process.stdin))) {
      const [result] = await eslint.lintText(code, { filePath: file });
      answers.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
    }
    process.stdout.write(JSON.stringify(answers));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    input: JSON.stringify(texts),
    encoding: 'utf8',
  });
  return JSON.parse(output) as readonly (readonly string[])[];
}

const importOf = (file: string, module: string) => ({
  file,
  text: `import { a } from '${module}';\nvoid a;\n`,
});

test('every wall refuses what is behind it and nothing else', () => {
  const questions = WALLS.flatMap(([file, refused, allowed]) => [
    ...refused.map((module) => ({ file, module, isRefused: true })),
    { file, module: allowed, isRefused: false },
  ]);
  const answers = lint(questions.map(({ file, module }) => importOf(file, module)));
  expect(questions.map(({ file, module }, at) => ({ file, module, says: answers[at] }))).toEqual(
    questions.map(({ file, module, isRefused }) => ({
      file,
      module,
      says: isRefused ? ['@typescript-eslint/no-restricted-imports'] : [],
    })),
  );
}, 60_000);
