/** The spellings of a name of one or more words. */
export interface Spellings {
  kebab: string
  snake: string
  screaming: string
  camel: string
  pascal: string
  /** With blanks, as prose has it. */
  words: string
  /** The same at the beginning of a sentence. */
  sentence: string
}

/** @param kebab lower case, with hyphens between words */
export function spellingsOf(kebab: string): Spellings {
  const words = kebab.split('-')
  const pascal = words.map(capitalized).join('')
  const prose = words.join(' ')
  return {
    kebab,
    snake: words.join('_'),
    screaming: words.join('_').toUpperCase(),
    camel: pascal.slice(0, 1).toLowerCase() + pascal.slice(1),
    pascal,
    words: prose,
    sentence: capitalized(prose),
  }
}

const capitalized = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The usual plural of an English noun: invoices, companies, boxes. */
export function pluralOf(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

/** What a service of this name is called elsewhere. */
export function namesOfService(name: string) {
  const short = name.replace(/-service$/, '')
  const spellings = spellingsOf(name)
  // "the billing service", "the user service"
  const words = `${short.replaceAll('-', ' ')} service`
  return {
    ...spellings,
    words,
    sentence: capitalized(words),
    /** In names of containers and volumes, and of targets of make. */
    short,
    /** In the client's code, and of its document there. */
    client: spellingsOf(short).camel,
    database: `${short.replaceAll('-', '')}db`,
  }
}

/** Replaces each text that is a key by its value, in one pass: what came in is not replaced again. */
export function replacing(replacements: ReadonlyMap<string, string>): (text: string) => string {
  // The longer one first: of two that begin at one place it says more.
  const sought = [...replacements.keys()].sort((a, b) => b.length - a.length)
  return (text) => {
    let replaced = ''
    for (let at = 0; at < text.length;) {
      const found = sought.find((key) => text.startsWith(key, at))
      replaced += found === undefined ? text[at]! : replacements.get(found)!
      at += found === undefined ? 1 : found.length
    }
    return replaced
  }
}

/** From the words of the sample service to those of another one. */
export function serviceReplacements(service: ReturnType<typeof namesOfService>): [string, string][] {
  return [...pairs(namesOfService('sample-service'), service), ['sampledb', service.database]]
}

/** From demo widgets, which the sample service keeps, to what another one keeps. */
export function resourceReplacements(resource: string, plural: string): [string, string][] {
  const [from, to] = [spellingsOf('demo-widget'), spellingsOf(resource)]
  const an = /^[aeiou]/.test(resource) ? 'an' : 'a'
  return [
    ...pairs(spellingsOf('demo-widgets'), spellingsOf(plural)),
    ...pairs(from, to),
    [`a ${from.words}`, `${an} ${to.words}`],
    // Scopes are a closed list: the sample service borrows those of users.
    ...['read', 'write'].map((right): [string, string] => [`'users:${right}'`, `'${plural}:${right}'`]),
  ]
}

const spellingNames = ['kebab', 'snake', 'screaming', 'camel', 'pascal', 'words', 'sentence'] as const

const pairs = (from: Spellings, to: Spellings) =>
  spellingNames.map((spelling): [string, string] => [from[spelling], to[spelling]])
