// SPDX-License-Identifier: Apache-2.0
import type { Message, Questions, Ready } from './child';

interface Asked {
  readonly id: number;
  readonly question: string;
  readonly details: readonly never[];
}

/**
 * The other end of `startChild`: answers its questions over IPC, then says that this process is ready.
 * @param questions an error becomes the asker's.
 * @param end called when the parent lets go; ends the process.
 */
export function answerQuestions(
  questions: Questions,
  ready: Ready,
  end: () => void = () => process.exit(0),
): void {
  process.on('message', ({ id, question, details }: Asked) => {
    Promise.resolve()
      .then(() => {
        const answer = questions[question] as ((...details: readonly never[]) => unknown) | undefined;
        if (answer === undefined) {
          throw new Error(`nobody answers ${question}`);
        }
        return answer(...details);
      })
      .then(
        (answer) => {
          send({ id, answer });
        },
        (error: unknown) => {
          send({ id, error: error instanceof Error ? String(error.stack) : String(error) });
        },
      );
  });
  process.on('disconnect', end);
  send({ ready });
}

function send(message: Message): void {
  process.send?.(message);
}

/** What the parent gave to this process, as `startChild` was called with it. */
export function argument(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}
