// SPDX-License-Identifier: Apache-2.0
import { comparable } from '../conformance/answers';
import type { ProductAnswer } from './productQuestions';

/** The same questions' answers by both ledgers, in one order. */
export interface Comparison {
  readonly fabric: readonly ProductAnswer[];
  readonly embedded: readonly ProductAnswer[];
  /** Question → why the two answers may differ. */
  readonly reasons: Readonly<Record<string, string>>;
}

const LONGEST_CELL = 240;

export function isSame(one: ProductAnswer, other: ProductAnswer | undefined): boolean {
  return other !== undefined && compared(one) === compared(other);
}

/** A package's label is the operator's own choice. */
function compared(answer: ProductAnswer): string {
  return JSON.stringify(comparable(answer)).replaceAll(/oracle_[\w.]+:/g, 'oracle_<label>:');
}

/** FIDELITY.md. */
export function writeTables(
  version: string,
  { recorded, product, across }: Record<'recorded' | 'product' | 'across', Comparison>,
): string {
  return [
    '# What both ledgers answer\n\n',
    'Made by `npm run fidelity`; do not edit. Each question is one call through the unmodified fabric-gateway client: first to a native\n',
    `Hyperledger Fabric ${version} network, then to the embedded ledger. What differs from run to run (transaction ids, endpoints, times) is\n`,
    'replaced by `<…>`; long texts are cut. A validation code is what a committed transaction got in its block: `answer: [0,11]` are two, one valid and\n',
    'one in conflict; `CommitError 10` is one that was endorsed by too few.\n\n',
    '## Our chaincode\n\n',
    'The column *means* says what the product makes of a failure: may it be tried again, and the chaincode’s own code\n',
    '([what the kinds mean](../../gateway/src/ledger/ledgerError.ts)).\n\n',
    table(version, product),
    '\n## The chaincode of the recording\n\n',
    `Its functions and the questions come with the [recorded answers](../conformance/data/README.md) of Fabric 3.1.5.\n\n`,
    table(version, recorded),
    '\n## Several channels, and calls between them\n\n',
    'The same chaincode on three more channels: `second` is of all three organisations; `closed` and `opened` are of two of them, and only\n',
    'administrators write there; on `opened` a reader may be the creator of a call from another channel. A call across is one step of a list that\n',
    'the chaincode works off ([its code](../conformance/data/chaincode/across.js)); its answer is what the shim gave.\n\n',
    table(version, across),
  ].join('');
}

function table(version: string, { fabric, embedded, reasons }: Comparison): string {
  const hasMeanings = fabric.some(({ meaning }) => meaning !== undefined);
  const hasReasons = Object.keys(reasons).length > 0;
  const heads = [
    'question',
    `Fabric ${version}`,
    'embedded ledger',
    ...(hasMeanings ? ['means'] : []),
    ...(hasReasons ? ['why they differ'] : []),
  ];
  const rows = fabric.map((answer, index) => {
    const own = embedded[index];
    const same = isSame(answer, own);
    return [
      answer.name,
      cell(answer),
      same ? 'the same' : cell(own),
      ...(hasMeanings ? [answer.meaning ?? ''] : []),
      ...(hasReasons ? [same ? '' : (reasons[answer.name] ?? '')] : []),
    ];
  });
  const count = fabric.filter((answer, index) => isSame(answer, embedded[index])).length;
  return [
    `${String(count)} of ${String(fabric.length)} answers are the same.\n\n`,
    ...[heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`),
  ].join('');
}

function cell(answer: ProductAnswer | undefined): string {
  if (answer === undefined) {
    return '(not asked)';
  }
  const { ok, result, error, code, message, details = [] } = answer;
  const told = ok
    ? `answer: ${result ?? '(none)'}`
    : [
        `${error ?? 'error'}${code === undefined ? '' : ` ${String(code)}`}: ${message ?? ''}`,
        ...details.map((detail) => `${detail.mspId}: ${detail.message}`),
      ].join('; ');
  const short = told.length > LONGEST_CELL ? `${told.slice(0, LONGEST_CELL)}…` : told;
  // A table's cell is one line, and what a peer says is text, not markup.
  return short
    .replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`);
}
