// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePorts } from '../../../scripts/network/freePorts';

/** A browser that is driven over WebDriver (W3C), as far as the tests need it. */
export interface DrivenBrowser {
  open(url: string): Promise<void>;
  back(): Promise<void>;
  /** The first element of a CSS selector is clicked; waits until there is one. */
  click(selector: string): Promise<void>;
  /** Types keys into the first element of a CSS selector. */
  type(selector: string, keys: string): Promise<void>;
  /** What a script of one expression gives. */
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves when the expression is true. @throws Error when it is not within half a minute. */
  until(expression: string): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE_MS = 30_000;
const BETWEEN_MS = 100;

interface Programs {
  readonly driver: string;
  readonly browser: string;
  /** A screen in memory: WebKitGTK draws on nothing else without a desktop. */
  readonly screen: string;
}

/** Starts WebKitGTK's small browser on a screen of its own. */
export async function openWebKit({ driver, browser, screen }: Programs): Promise<DrivenBrowser> {
  const children: ChildProcess[] = [];
  const display = spawn(screen, ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  children.push(display);
  const number = await firstLine(display);
  const port = await freePorts(1);
  const driving = spawn(driver, [`--port=${String(port)}`], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: `:${number}`,
      GDK_BACKEND: 'x11',
      // Containers allow no sandbox inside their own.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    },
  });
  children.push(driving);
  const call = callerOf(`http://127.0.0.1:${String(port)}`);
  const options = { 'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] } };
  const session = (await retry(() =>
    call('POST', '/session', { capabilities: { alwaysMatch: options } }),
  )) as {
    sessionId: string;
  };
  return driven(`/session/${session.sessionId}`, call, async () => {
    for (const child of children.reverse()) {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    }
  });
}

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>;

function callerOf(base: string): Call {
  return async (method, path, body) => {
    const answer = await fetch(base + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = (await answer.json()) as { value: unknown };
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
    }
    return value;
  };
}

function driven(path: string, call: Call, end: () => Promise<void>): DrivenBrowser {
  const evaluate = async <T>(expression: string): Promise<T> =>
    (await call('POST', `${path}/execute/sync`, { script: `return (${expression});`, args: [] })) as T;
  const element = async (selector: string): Promise<string> => {
    const query = { using: 'css selector', value: selector };
    const found = (await retry(() => call('POST', `${path}/element`, query))) as Record<string, string>;
    return `${path}/element/${Object.values(found)[0] ?? ''}`;
  };
  return {
    evaluate,
    open: async (url) => {
      await call('POST', `${path}/url`, { url });
    },
    back: async () => {
      await call('POST', `${path}/back`, {});
    },
    click: async (selector) => {
      await call('POST', `${await element(selector)}/click`, {});
    },
    type: async (selector, keys) => {
      await call('POST', `${await element(selector)}/value`, { text: keys });
    },
    until: async (expression) => {
      await retry(async () => {
        if (!(await evaluate<boolean>(expression))) {
          throw new Error(`never true: ${expression}`);
        }
      });
    },
    close: async () => {
      await call('DELETE', path);
      await end();
    },
  };
}

/** Tries again until it works. @throws Error the last one, when patience ends. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  }
}

/** The first line that a program writes to its fourth stream. */
async function firstLine(child: ChildProcess): Promise<string> {
  const stream = child.stdio[3];
  if (stream === null || stream === undefined || !('readable' in stream)) {
    throw new Error('no such stream');
  }
  for await (const line of createInterface({ input: stream })) {
    return line;
  }
  throw new Error('the screen said nothing');
}
