// SPDX-License-Identifier: Apache-2.0

/**
 * The other end of `startChild`: answers its questions over IPC, then says that this process is ready.
 * @param questions name → what answers it, given the question's details; an error becomes the asker's.
 * @param ready what `startChild` gives as `ready`; `dataDir` is removed when the process was stopped.
 * @param end called when the parent lets go; ends the process.
 */
export function answerQuestions(questions, ready, end = () => process.exit(0)) {
  process.on('message', ({ id, question, ...details }) => {
    Promise.resolve()
      .then(() => questions[question](details))
      .then(
        (answer) => process.send({ id, answer }),
        (error) => process.send({ id, error: String(error?.stack ?? error) }),
      );
  });
  process.on('disconnect', end);
  process.send({ ready });
}
