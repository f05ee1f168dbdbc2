// SPDX-License-Identifier: Apache-2.0

/** As wide as prettier lets the code beside them be. */
const WIDEST = 110;
const LONGEST_SENTENCE = 30;
/** Words that hide who does something, with what to write instead. */
const UNPLAIN = [
  [/\bwhom?ever\b/i, 'say who: "a caller that", "the one that"'],
  [/\bnothing of\b/i, 'say what does not happen: "keeps nothing", "no part of it"'],
  [/\b(?:is|are) told\b/i, 'say who tells whom: "the log says", "the caller learns"'],
];
const URL = /\bhttps?:\/\/\S+/;
/** Words for a tool, which cannot be broken. */
const DIRECTIVE = /^\s*(?:eslint|@ts-|prettier-ignore|#__PURE__|@vite-ignore|SPDX)/;

/** Comments in short plain English, no wider than the code. */
const plain = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      wide: 'This line of a comment has {{columns}} columns: at most {{most}}.',
      long: 'This sentence has {{words}} words, at most {{most}}: "{{start}} …".',
      unplain: '"{{said}}": {{instead}}.',
    },
  },
  create(context) {
    const { sourceCode } = context;
    return {
      Program() {
        for (const comments of blocksOf(sourceCode.getAllComments(), sourceCode)) {
          const text = textOf(comments);
          if (!DIRECTIVE.test(text)) {
            comments.forEach((comment) => reportWidth(context, comment));
            reportWords(context, comments, text);
          }
        }
      },
    };
  },
};

export default { rules: { plain } };

/** Line comments that stand below one another are one text. */
function blocksOf(comments, sourceCode) {
  const blocks = [];
  for (const comment of comments) {
    const last = blocks.at(-1)?.at(-1);
    if (last?.type === 'Line' && comment.type === 'Line' && continues(last, comment, sourceCode)) {
      blocks.at(-1).push(comment);
    } else {
      blocks.push([comment]);
    }
  }
  return blocks;
}

function continues(last, comment, sourceCode) {
  const between = sourceCode.text.slice(last.range[1], comment.range[0]);
  return comment.loc.start.line === last.loc.start.line + 1 && between.trim() === '';
}

function reportWidth(context, comment) {
  for (let line = comment.loc.start.line; line <= comment.loc.end.line; line += 1) {
    const text = context.sourceCode.lines[line - 1];
    const columns = line === comment.loc.end.line ? comment.loc.end.column : text.length;
    if (columns > WIDEST && !URL.test(text)) {
      const loc = { start: { line, column: 0 }, end: { line, column: columns } };
      context.report({ loc, messageId: 'wide', data: { columns, most: WIDEST } });
    }
  }
}

function reportWords(context, comments, text) {
  const loc = { start: comments[0].loc.start, end: comments.at(-1).loc.end };
  for (const sentence of sentencesOf(text)) {
    const words = sentence.split(' ').filter((word) => /\p{L}/u.test(word));
    if (words.length > LONGEST_SENTENCE) {
      const start = words.slice(0, 6).join(' ');
      const data = { words: words.length, most: LONGEST_SENTENCE, start };
      context.report({ loc, messageId: 'long', data });
    }
    for (const [pattern, instead] of UNPLAIN) {
      const [said] = pattern.exec(sentence) ?? [];
      if (said !== undefined) {
        context.report({ loc, messageId: 'unplain', data: { said, instead } });
      }
    }
  }
}

function textOf(comments) {
  return comments
    .flatMap(({ type, value }) => (type === 'Line' ? [value] : value.split('\n')))
    .map((line) => line.replace(/^\s*\*?/, '').trimEnd())
    .join('\n');
}

/**
 * The sentences of a comment. A colon or semicolon ends one too, as a list, a tag or a blank line does. Code
 * between fences and command lines that are set in are no sentences.
 */
function sentencesOf(text) {
  return text
    .replaceAll(/```[\s\S]*?```/g, '\n\n')
    .replaceAll(/^ {2,}(?:npm|npx|node) .*$/gm, '\n')
    .split(/\n\s*\n|\n\s*@|\n\s*(?:[-·]|\d+\.) /)
    .flatMap((paragraph) =>
      paragraph
        .replaceAll(/\s+/g, ' ')
        .trim()
        .split(/(?<=[.!?:;][)"'”]?) /),
    );
}
