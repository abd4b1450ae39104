// Characters that are invisible, change the direction of the text around them, or end the line.
const unseen =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800\ufff9-\ufffb]/u

/** Whether a text has invisible characters: two texts that look the same could differ. */
export const hasUnseen = (text: string) => unseen.test(text)

// Letters of other alphabets that look like a Latin one, and that normalization does not map to it: from Unicode's table
// of confusables, those that could be in a reserved name.
const drawnAs: Readonly<Record<string, string>> = {
  a: 'аɑαᴀ',
  b: 'ƅьᏏ',
  c: 'сϲᴄ',
  d: 'ԁɗđᴅ',
  e: 'еҽєε℮ᴇ',
  g: 'ɡցԍ',
  h: 'һհᏂ',
  i: 'іıιɩӏ',
  j: 'јϳ',
  k: 'кκᴋ',
  l: 'ӏłǀ',
  m: 'мᴍ',
  n: 'пոռηɴ',
  o: 'оοօσøᴏ',
  p: 'рρᴘ',
  q: 'ԛզգ',
  r: 'гɾᴦʀ',
  s: 'ѕꜱ',
  t: 'тτᴛ',
  u: 'սυʋᴜ',
  v: 'νѵᴠ',
  w: 'ԝաᴡ',
  x: 'хχ',
  y: 'уүγʏ',
  z: 'ᴢ',
}
const ours = new Map(
  Object.entries(drawnAs).flatMap(([letter, others]) => [...others].map((o) => [o, letter])),
)
const alike = new Map([
  ['0', 'o'],
  ['1', 'l'],
  ['i', 'l'],
  ['|', 'l'],
  ['5', 's'],
])

/**
 * What a name looks like: two names with the same look can be mistaken for each other. Upper and lower case, accents,
 * widths, spaces and punctuation make no difference, nor do letters of other alphabets that look like Latin ones.
 */
function lookOf(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const letters = [...plain].map((character) => {
    const letter = ours.get(character) ?? character
    return alike.get(letter) ?? letter
  })
  return letters
    .join('')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('rn', 'm')
}

/**
 * Whether a name can be mistaken for another: it looks the same, except for at most half of its letters, which are of
 * other alphabets.
 */
export const looksLike = (name: string, other: string): boolean =>
  areAlike([...lookOf(name)], [...lookOf(other)])

/** A search for the one of many names that a name can be mistaken for: what those look like is found out once. */
export function lookAlikes(names: readonly string[]): (name: string) => string | undefined {
  const looks = names.map((name) => ({ name, look: [...lookOf(name)] }))
  return (name) => {
    const its = [...lookOf(name)]
    return looks.find(({ look }) => areAlike(its, look))?.name
  }
}

function areAlike(its: readonly string[], others: readonly string[]): boolean {
  if (its.length !== others.length) return false
  const same = its.filter((letter, index) => letter === others[index]).length
  const strange = its.filter((letter) => letter > '\u007f').length
  return same + strange === its.length && same >= strange
}
