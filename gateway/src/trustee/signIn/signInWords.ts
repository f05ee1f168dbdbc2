// SPDX-License-Identifier: Apache-2.0
import type { Request } from 'express';

/** What the sign-in pages say: plain text, escaped by the page. */
export interface SignInWords {
  /** The language's own name. */
  readonly name: string;
  readonly language: string;
  /** Whom to ask without a password; the trustee's name where it is known. */
  readonly lost: (trustee: string | undefined) => string;
  readonly signIn: string;
  readonly continueTo: (app: string) => string;
  readonly userName: string;
  readonly password: string;
  readonly cancel: string;
  readonly wrong: string;
  readonly tooMany: (seconds: number) => string;
  readonly allowTitle: (app: string) => string;
  readonly asks: (patient: string, app: string) => string;
  readonly allow: string;
  readonly refuse: string;
  readonly toPortal: string;
  readonly ended: { readonly title: string; readonly what: string; readonly remedy: string };
  readonly failed: { readonly title: string; readonly remedy: string };
  readonly notSignedIn: { readonly title: string; readonly what: string; readonly remedy: string };
  /** Nobody can sign in at present: no word about the patient. */
  readonly notNow: { readonly title: string; readonly what: string; readonly remedy: string };
  readonly scopes: {
    readonly accesses: string;
    readonly consent: string;
    readonly consentChange: string;
    /** Without seeing it. */
    readonly consentChangeOnly: string;
    readonly profile: string;
    readonly offline: string;
    readonly identity: string;
  };
}

const en: SignInWords = {
  name: 'English',
  language: 'Language',
  lost: (trustee) =>
    `Lost your password, or no user name yet? Ask ${trustee ?? 'the patients’ organisation that runs this portal'}: it gives out both.`,
  signIn: 'Sign in',
  continueTo: (app) => `to continue to ${app}`,
  userName: 'User name',
  password: 'Password',
  cancel: 'Cancel',
  wrong: 'The user name or the password is not right.',
  tooMany: (seconds) => `Too many attempts. Wait ${String(seconds)} seconds and try again.`,
  allowTitle: (app) => `Allow ${app}?`,
  asks: (patient, app) => `${patient}, the app ${app} asks to:`,
  allow: 'Allow',
  refuse: 'Refuse',
  toPortal: 'To the portal',
  ended: {
    title: 'This sign-in has ended',
    what: 'It was finished before, took too long, or began in another browser.',
    remedy: 'Go back to the app or the portal and start again.',
  },
  failed: { title: 'This sign-in cannot go on', remedy: 'Go back to the app or the portal and start again.' },
  notSignedIn: {
    title: 'You are not signed in',
    what: 'The sign-in was cancelled or refused.',
    remedy: 'Go to the portal and sign in again.',
  },
  notNow: {
    title: 'Nobody can sign in at present',
    what: 'This service has a fault. You did nothing wrong, and nothing is lost.',
    remedy: 'Try again in a few minutes.',
  },
  scopes: {
    accesses: 'See who asked for your data, and why',
    consent: 'See what you chose about who may see your record',
    consentChange: 'See and change who may see your record',
    consentChangeOnly: 'Change who may see your record',
    profile: 'Know your name and user name',
    offline: 'Keep access while you are not using the app',
    identity: 'Know that it is you',
  },
};

const zhCN: SignInWords = {
  name: '简体中文',
  language: '语言',
  lost: (trustee) =>
    `忘记密码，或还没有用户名？请联系${trustee ?? '运营本门户的患者组织'}，用户名和密码由其发放。`,
  signIn: '登录',
  continueTo: (app) => `登录后继续使用 ${app}`,
  userName: '用户名',
  password: '密码',
  cancel: '取消',
  wrong: '用户名或密码不正确。',
  tooMany: (seconds) => `尝试次数过多。请等待 ${String(seconds)} 秒后再试。`,
  allowTitle: (app) => `允许 ${app} 访问吗？`,
  asks: (patient, app) => `${patient}，应用 ${app} 请求：`,
  allow: '允许',
  refuse: '拒绝',
  toPortal: '前往门户',
  ended: {
    title: '本次登录已结束',
    what: '它已经完成、超时，或是在另一个浏览器中开始的。',
    remedy: '请返回应用或门户，重新开始。',
  },
  failed: { title: '登录无法继续', remedy: '请返回应用或门户，重新开始。' },
  notSignedIn: { title: '您尚未登录', what: '登录被取消或被拒绝。', remedy: '请前往门户重新登录。' },
  notNow: {
    title: '目前无法登录',
    what: '本服务出现故障。您没有做错任何事，也没有丢失任何内容。',
    remedy: '请几分钟后再试。',
  },
  scopes: {
    accesses: '查看谁请求过您的数据及其原因',
    consent: '查看您对“谁可以看您的病历”的设置',
    consentChange: '查看并修改“谁可以看您的病历”',
    consentChangeOnly: '修改“谁可以看您的病历”',
    profile: '知道您的姓名和用户名',
    offline: '在您不使用该应用时保持访问',
    identity: '知道登录的是您本人',
  },
};

/**
 * The languages of the pages outside the portal: the same as the portal's (`web/src/words/languages`),
 * English first.
 */
const WORDS = { en, 'zh-CN': zhCN } as const satisfies Readonly<Record<string, SignInWords>>;

export type Language = keyof typeof WORDS;

export const LANGUAGES = Object.keys(WORDS) as readonly Language[];

/** The language of a BCP 47 tag, whatever its variant: `zh-TW` is answered in `zh-CN`. */
function languageOfTag(tag: string): Language | undefined {
  return LANGUAGES.find((language) => primaryOf(language) === primaryOf(tag));
}

function primaryOf(tag: string): string {
  return tag.toLowerCase().split('-', 1).join('');
}

/**
 * The page's language: the first that the browser asks for and that there is, else English.
 * @param accepts picks from a list what `Accept-Language` prefers.
 */
export function languageOf(accepts: (known: string[]) => string | false): Language {
  const chosen = accepts([...new Set(LANGUAGES.flatMap((language) => [language, primaryOf(language)]))]);
  return (chosen === false ? undefined : languageOfTag(chosen)) ?? 'en';
}

/**
 * The language of an interaction: the first of its `ui_locales` (OpenID Connect Core §3.1.2.1, tags parted by
 * spaces, best first) that there is, else what the browser asks for. A patient may have chosen another
 * language in the portal than in the browser.
 */
export function interactionLanguage(uiLocales: unknown, request: Request): Language {
  const tags = typeof uiLocales === 'string' ? uiLocales.split(' ') : [];
  const [chosen] = tags.flatMap((tag) => languageOfTag(tag) ?? []);
  return chosen ?? requestLanguage(request);
}

/** {@link languageOf} for an Express request. */
export function requestLanguage(request: Request): Language {
  return languageOf((known) => request.acceptsLanguages(known));
}

export function wordsIn(language: Language): SignInWords {
  return WORDS[language];
}
