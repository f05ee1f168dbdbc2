// SPDX-License-Identifier: Apache-2.0
/**
 * Which characters can be seen, as Unicode 15.1 has them. The table is fixed because endorsing peers and
 * gateways run different versions of their platform: a character that one of them does not know yet would
 * fail a whole batch for everybody.
 *
 * Data: general categories and Default_Ignorable_Code_Point of the Unicode Character Database 15.1, Unicode
 * License v3. Left out beside the ignorable ones: what prints as nothing or stands for something else
 * (U+2800, U+303F, U+FFFC, U+13441, U+13442, U+16FE4, U+1D159). Each text lists runs in base 36: how many
 * code points to skip since the last run, and how many belong to this one.
 */

// prettier-ignore
const LETTERS =
  '1t q 6 q 1b 1 a 1 4 1 5 n 1 v 1 cq 4 c e 5 7 1 1 1 3l 5 1 2 2 4 1 1 6 1 1 3 1 1 1 k 1 2b 1 3v 8 4m 1 12 2 1 6 15 ' +
  '1z r 4 4 19 17 z 2 1 2r 1 1 f 2 7 2 a 3 2 1 g 1 1 u t 2h b 1 o x 9 2 4 1 5 m 4 1 9 1 3 1 n p 7 b 5 o 1 6 h 16 1m ' +
  '1i 3 1 i 1 7 a f g 4 8 2 2 2 m 1 7 1 1 3 4 3 1 g 1 d 2 1 3 e 2 a 1 8 6 4 2 2 m 1 7 1 2 1 2 1 2 v 4 1 1 j 3 g 9 1 ' +
  '3 1 m 1 7 1 2 1 5 3 1 i 1 f 2 n 1 b 8 2 2 2 m 1 7 1 2 1 5 3 1 u 2 1 3 f 1 h 1 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c ' +
  'm 1 1g 8 1 3 1 n 1 g 3 1 q 3 2 1 2 2 u 1 4 8 1 3 1 n 1 a 1 5 3 1 v 2 1 2 f 2 h 9 1 3 1 15 2 1 g 1 5 3 8 3 o 6 5 i ' +
  '3 o 1 9 1 1 2 7 1m 1c 1 2 c 7 1m 2 1 1 1 5 1 o 1 1 1 a 1 2 9 1 2 5 1 1 l 4 w 1 1r 8 1 10 r 5 37 17 k 1 g 6 4 4 3 ' +
  '1 3 2 7 3 4 d c 1 h 12 1 1 5 1 2 17 1 2r 2 6g 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 11 g ' +
  'g 2e 2 6 3 h8 2 h 1 q 5 23 6 8 7 i d j e i e d 1 3 f 1g z 1 4 1 1v 2h 7 5 2 y 1 1 5 1y a v 1d u 2 5 b 18 4 q 1i n ' +
  '9 1h 2a 1 2l 1b h 8 1i u d 2 a 18 q 10 15 3 a 10 2 9 7 17 2 3 15 4 1 6 1 2 3 1 5 5c 1s 7q 2 6 2 12 2 6 2 8 1 1 1 ' +
  '1 1 1 1 v 2 1h 1 7 1 1 3 3 1 7 3 4 2 6 4 d 5 3 1 7 38 1 d 1 g d 2t 1 4 1 2 a 1 1 3 5 6 1 1 1 1 1 1 4 1 b 2 4 5 5 ' +
  '4 1 1g 2 22j 6d 6 4 3 2 c 12 1 1 5 1 2 1k 7 1 g n 9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 28 1 d1 2 16 5 5 2 4 2e 6 3 1 ' +
  '2i 1 4 5 17 1 1f 1 16 h w 1c g e8 534 1s h3h 1v 1a 2 7h 3 g a 2 k 1b g v 2 1y 1d 9 2 2v 2 1s 5 2 1 1 1 5 o g 1 3 ' +
  '1 4 1 n t 1g e 1e 1q 6 3 1 1 2 b s a n p t 7 1b s 1 g 5 1 a a 5 1 15 n 3 1 8 k n 3 1 3 1e 1 1 3 2 2 5 2 1 1 1 o 3 ' +
  '2 b 7 3 c 6 2 6 2 6 9 7 1 7 1 17 1 e 6 37 t 8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 1 1 a 1 d 1 5 1 1 1 2 1 2 1 30 x ' +
  'a3 i 1s 2 1i 14 c 38 5 1 3r 10 q 6 q b 1m 1 u 3 6 2 6 2 6 2 3 z c 1 q 1 j 1 2 1 f 2 e y 3f at t 3 1d 1b w d k 1 8 ' +
  '6 12 a u 2 10 4 8 1c 4e i 10 4 10 4 14 8 1g c b 1 f 1 7 1 2 1 b 1 f 1 7 1 2 1v 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1 1 ' +
  '18 1 2 3 1 2 n a n 9 v 1t j 1 2 a m a q 1y 1k 6 2 1s 1 f 4 1 3 1 t 16 t 3 t z 8 1 s r 1i a m a j d i 32 21 1j 1f ' +
  'd 1f d 10 9o 16 6 2 26 t a 1 8 m 16 i 1a l r n c 1h 1l 2 2 1 d 19 w p q 10 t 1 2 1 8 z 3 1 c 1c e 4 l 1 1 1 z i 1 ' +
  'p j 2 1r 7 1 1 1 4 1 f 1 a 7 1b 12 8 2 2 2 m 1 7 1 2 1 5 3 1 i 1 c 5 4e 1h i 4 k 3 u 1c k 2 1 1 54 1b 15 4 10 1c ' +
  'k 1 1n 17 d 1 1z r 11 7 55 18 38 1s v 8 2 1 2 8 1 2 1 o f 1 1 1 2m 8 2 13 g 1 1 1 s 1 a 14 7 1 l 1 b 1a j 1 i 21 ' +
  '7b 9 1 11 h 1 1d u 34 7 1 2 1 12 l 1 p 6 1 2 1 w e 1 93 j f 1 1 d 1 y 3g 1 27 pm 6e 5g 218 2p f ts j 4 33t g7 6nt ' +
  'ft 7 v h 27 h u i 1c g 4 v l 5 j j4 1s 3k 23 5 1 1u d 1s 2 1 1 s 4qg 8 ye 16 9 6w7 4 1 7 1 2 1 83 f 1 t 3 2 1 e 4 ' +
  '8 b0 1s4 2z 5 d 3 9 7 a 4me 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 p 1 p ' +
  '1 v 1 p 1 v 1 p 1 v 1 p 1 v 1 p 1 8 1f8 v 6 6 79 1q 42 19 a 7 g 1 8x u i 18 dg s l0 7 1 4 1 2 1 f 1 5h 1n 1w 7 1 ' +
  'xg 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 ' +
  '1 a 1 h 5 3 1 5 1 h 3es wyo w 37e 6 66 2 4g2 e 5rl f ha 1wi f2 15u 3t7 5 38g';

// prettier-ignore
const MARKS =
  'lc 27 1 w 7n 7 7b 19 1 1 1 2 1 2 1 1 20 b 1c l g 1 2t 7 2 6 2 2 1 4 z 1 u r 2j b 1m 9 9 1 o 4 1 9 1 3 1 5 17 3 1o ' +
  '8 16 o 1 x 1i 3 1 i 1 7 a 2 t 3 1k 1 1 7 2 2 2 3 9 1 a 2 q 1 2 3 1k 1 1 5 4 2 2 3 3 1 u 2 3 1 b 3 1k 1 1 8 1 3 1 ' +
  '3 k 2 m 6 1 3 1k 1 1 7 2 2 2 3 7 3 a 2 u 1 1n 5 3 3 1 4 9 1 14 5 1j 1 1 7 1 3 1 4 7 2 b 2 t 3 1k 1 1 7 1 3 1 4 7 ' +
  '2 b 2 f 1 c 4 1j 2 1 7 1 3 1 4 9 1 a 2 t 3 1y 1 4 6 1 1 1 8 i 2 1p 1 2 7 c 8 2q 1 2 9 b 7 21 2 r 1 1 1 1 1 4 2 1d ' +
  'k 1 2 5 b 1 10 9 1 2s k n 4 4 3 1 3 2 7 3 4 d c 1 1 a 4 jj 3 qa 4 s 3 t 2 u 2 1u u 9 1 4n 2 y 1 3a c 4 c 63 5 1l ' +
  'a 1 t 2 1 1c v 1d 5 1b h 12 9 c 3 u d 1k e 1c k 48 3 1 l 4 1 6 1 2 3 5i 1s k0 x 2da 3 3x 1 2o w fe 6 2x 2 n9w 4 1 ' +
  'a w 2 28 2 7k 1 3 1 4 1 n 5 4 1 2b 2 1e i q i d 1 12 8 p d 18 4 1b e 10 1 1v e c 1 8 2 19 3 1e 1 1 3 2 2 5 2 1 1 ' +
  '15 5 5 2 6k 8 1 2 fn4 1 ld g r1 1 6a 1 45 5 1ae 3 1 2 5 4 14 3 4 1 4l 2 fx 4 ar 2 28 3 1y b 1d 4 3e 3 1h f 15 1 2 ' +
  '2 a 4 19 b 7 1 1p 3 10 e g 2 18 1 c 3 1c e 8 4 1 2 2k c 6 1 2 1 4d c l 4 1j 2 1 7 2 2 2 3 9 1 a 2 2 7 3 5 5c i n ' +
  '1 29 k 6j 7 2 9 r 2 2a h 2y d 2t f 74 f 6t 6 1 2 2 4 1 1 1 2 3x 7 2 7 3 1 s a 14 7 1 4 8 1 9 b 1a g b9 8 1 8 2a m ' +
  '1 e 3e 6 3 1 1 2 1 7 1 1 1u 5 1 2 1 5 9n 4 9 2 1 1 1c 7 3 5 459 1 6 f asa 5 1n 7 t4 1 1 1j 7 4 2l 2 f57 2 3mp 1a ' +
  '2 n f2 5 3 6 8 8 2 7 u 4 44 3 1iz 1j 4 1e 8 1 e 1 m 5 1 f 11s 7 1 h 2 7 1 2 1 5 2s 1 4g 7 af 1 1p 4 e4 4 rk 7 31 ' +
  '7';

// prettier-ignore
const NUMBERS =
  '1c a 3c 2 5 1 2 3 141 a 3q a 5i a bg a 3a a 4 6 30 a 3a a 3a a 2 6 32 d 37 a 8 7 2v a 2w 7 7 j 31 a ' +
  '2o a 3a a 1y k 7g a 1y a jz k oh 3 6n a 6 a m a 8c a 3k b 4l a 6 a 52 a 2e a 3q a 6 a t2 1 3 6 6 a 5i ' +
  '1f 2 5 k6 1o 26 m hi u 12h 1 ll 1 p 9 e 3 9j 4 3u a u 8 1 f w a 13 f msg a 58 a 8w 6 4a a 12 a 5i a m ' +
  'a 2e a ba a geu a dp 19 c 1l h 2 9h r 10 4 t 1 8 1 3q 5 5m a q6 8 p 7 13 9 23 5 m 6 4g 2 2 g 2 1a 1s ' +
  '9 1g 2 u 3 23 5 2w 8 o 8 15 7 96 6 1c a 86 v 4e a 16 4 34 7 3q u 3k a 1o a 40 a 7 k 6z a 9i a 3a a ae ' +
  'a 2u a 2u c bo j 2l a l2 t 6b a 1y a bq a 2u l tn 33 dtd a 2e a 3q a 1 7 m6 n js9 k c k 30 p ut 1e ' +
  '1ts a bq a dy a r1 9 3k a lz 1n 1 3 1 4 24 19 1 f qq d 25f a';

// prettier-ignore
const OTHERS =
  'x f a 7 q 6 q 4 y 9 1 2 1 4 2 1 1 3 2 1 3 1 n 1 v 1 cq 4 c e 5 7 1 1 1 h 39 1 8 1 5 2 1 1 32 1 3v 1 ' +
  '5z 6 15 2 2 3 1a 1 1 1 2 1 2 1 18 2 h a b 1 1 3 22 4 2u 1 9 1 a 1 j 2 1 e 6g 4 4 2 1c f v 1 15 1 63 2 ' +
  'a 1 3l 2 6 2 1 1 3c 1 3d 2 3i 1 3m 8 3g 1 7 1 4 1 5m 1 15 1 3e 1 22 1 f 1 a 2 4l n 2 6 k 1 1 1 1 1 1 ' +
  '4 1z 1 1k 8 1 6 1 d 33 6 26 2 2j 1 h0 9 13 a 2u 1 h8 2 18 2 26 3 1z 2 4d 3 1 4 10 b 8l 1 3 2 48 y u 2 ' +
  '3k 7 1 6 4s h 9 b 3h 4 1n 5 1q 2 1s 8 b 1 kp 1 1 3 b 3 d 3 d 3 d 2 h o 8 1b r 5 b 5 h x 1r 2 1 4 1 2 ' +
  'a 1 1 3 5 6 1 1 1 1 1 1 4 1 b 2 4 5 5 4 1 1 1m 2 4 if p b 29 26 m hi u 30 1 oj 2 w 1 2x 6d 6 e 4 1 2 ' +
  '34 1 3z 1b 1 1a y q 1 2h c 5y q g 1 4 3 p f 1 5 2 5 2 2k 2 3 1 2i 1 44 2 4 a w 10 b 1 g v b u 8 1 f w ' +
  'a 13 f 8w 534 1s h3k 1j 1j 2 7h 3 2r 1 a 1 37 6 8 n 9 2 2v 2 4d 4 a 4 1m 4 2e 2 14 3 1 1 1d 2 1b 1 2p ' +
  'd g 2 3g 4 n 3 2s 2 g 2 2x 1 e 2 3j 1 fnh 1 3s h aj i 3j 1 18 4 g a m z 1 j 1 4 45 f a 7 q 6 q b 3e 7 ' +
  '1 7 e 1 76 3 1g 9 1l h 2 3 1 d 3 1 1b 19 bm 1 1c 1 bi 1 kn 1 v 2 4m 1 v 1 7k 9 12 1 20 1 13 7 1u 7 2h ' +
  '4 ls 1 4n 5 18 4 59 7 31 2 1 4 3i 4 1c 2 27 4 4 1 d 1 1 3 2g 6 2z 1 bl 5 a 2 1 1 2w 1 6y n 2x 3 s d ' +
  '24 1 3m 4 6z 1 7c 3 4b 1 2k 8 2b 3 1 5 2l a 8n 5 16 2 hx 2 22 d 3p t d 1 vk 5 29o 2 bjv 2 3p 1 1t 9 4 ' +
  '2 nl 4 93 1 f5l 1 2 1 3ow 38 1o 6u a 13 2 1c 1 b 5 3 m 2 7 u 4 1p l 1u 3 1 56 2f oa 1 p 1 v 1 p 1 v 1 ' +
  'p 1 v 1 p 1 v 1 p 1 1o e8 1j 4 1e 8 1 e 1 7 1c3 1 bz 1 19a 2 ng 1 3 1 3h 1 ch 2 7i 18 4 2s c f 2 f 1 ' +
  'f 1 11 n 4h 1k t d 18 4 9 7 2 e 6 4a rc 4 h 3 d 3 3b 4 2n 6 c 4 1 f c 4 1k 8 a 6 14 8 u 2 2 26 9g c e ' +
  '2 d 3 9 7 1a 1 7 8 e 4 9 7 9 7 43 1 1j';

/**
 * What a code point is to a reader; 'none' for everything that cannot be seen or is not assigned, white space
 * included.
 */
export type CharacterKind = 'letter' | 'mark' | 'number' | 'other' | 'none';

interface Run {
  readonly first: number;
  readonly last: number;
  readonly kind: CharacterKind;
}

const RUNS: readonly Run[] = [
  ...decode(LETTERS, 'letter'),
  ...decode(MARKS, 'mark'),
  ...decode(NUMBERS, 'number'),
  ...decode(OTHERS, 'other'),
].sort((a, b) => a.first - b.first);

export function kindOf(codePoint: number): CharacterKind {
  let low = 0;
  let high = RUNS.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const run = RUNS[middle];
    if (run === undefined) {
      break;
    }
    if (codePoint < run.first) {
      high = middle - 1;
    } else if (codePoint > run.last) {
      low = middle + 1;
    } else {
      return run.kind;
    }
  }
  return 'none';
}

function decode(text: string, kind: CharacterKind): Run[] {
  const numbers = text.split(' ').map((digits) => parseInt(digits, 36));
  const runs: Run[] = [];
  let next = 0;
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    const first = next + (numbers[i] ?? 0);
    next = first + (numbers[i + 1] ?? 0);
    runs.push({ first, last: next - 1, kind });
  }
  return runs;
}
