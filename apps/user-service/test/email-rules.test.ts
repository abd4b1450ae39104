import fc from 'fast-check'
import { domainToASCII } from 'node:url'
import { email, emailKey, isEmail } from '../src/email'

test.each([
  'ada@example.com',
  'a@xn--e1afmkfd.xn--p1ai',
  'user@xn--mnchen-3ya.xn--vermgensberater-ctb',
  'user+tag@example.com',
  'a/b=c@example.com',
  "!#$%&'*+/=?^_`{|}~.-@example.com",
  '.a..b.@example.com',
  'root@localhost',
  'a@1.2.3.4',
  `a@${'b'.repeat(63)}.example`,
  'jürgen@münchen.de',
  'ada@müller.example',
  '用户@例子.广告',
  'अजय@डाटा.भारत',
  'δοκιμή@παράδειγμα.δοκιμή',
  'иван@пример.рф',
  '❤️@example.com',
  'می‌خواهم@مثال.ایران',
  'ü+tag/1@example.com',
])('%s is an address', (address) => {
  expect(isEmail(address)).toBe(true)
})

test.each([
  '',
  '@',
  'a@',
  '@example.com',
  'example.com',
  'a@b@example.com',
  'ü@b@example.com',
  'a b@example.com',
  'ü b@example.com',
  'a@-example.com',
  'a@example-.com',
  'a@example..com',
  'a@example.com.',
  'ü@münchen..de',
  'ü@münchen.de.',
  'a@exam_ple.com',
  'ü@exam_ple.com',
  `a@${'b'.repeat(64)}.example`,
  `a@${'ü'.repeat(64)}.example`,
  '"a b"@example.com',
  '"ü b"@example.com',
  'a@[127.0.0.1]',
  'ü@münchen.de/path',
  'ü@münchen.de:80',
  'ü@ü%41.de',
  'ü@a℀.de',
  'ü,a@example.com',
  'ü<a>@example.com',
  'ü\r\nBcc: b@example.com',
  'ü\u0085a@example.com',
  'ü\u00a0a@example.com',
  'ü\u2028a@example.com',
  'ü\u202ea@example.com',
  'ü\u200ba@example.com',
  'ü\ud800@example.com',
  ' ü@example.com',
])('%j is no address', (address) => {
  expect(isEmail(address)).toBe(false)
})

test('an address has at most 254 characters', () => {
  expect(email.safeParse(`${'ü'.repeat(242)}@example.com`).success).toBe(true)
  expect(email.safeParse(`${'ü'.repeat(243)}@example.com`).success).toBe(false)
})

// As it stands in the HTML standard.
const whatwg =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

test('of ASCII, the addresses are those of the HTML standard', () => {
  const near = fc.string({ unit: fc.constantFrom(...'aZ0.-_@+/!" \\[]<>:;,()\t'), maxLength: 12 })
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.tuple(near, near).map((parts) => parts.join('@')),
        fc.emailAddress(),
      ),
      (address) => isEmail(address) === whatwg.test(address),
    ),
    { numRuns: 5_000 },
  )
})

test('an address of an alphabet stays one in another case and in another normal form, and has the same key', () => {
  const letter = fc.constantFrom(...'aZ09ßẞſKİıÀéñøœŉΣςσΐᾳЖжЇԱևꭰᏸἀᾼＡｂ中あक한ﬁ')
  const word = fc.string({ unit: letter, minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(word, fc.constantFrom('example.com', 'MÜNCHEN.de', 'пример.рф'), (local, domain) => {
      const address = `${local}@${domain}`
      const same = [
        address.toUpperCase(),
        address.toLowerCase(),
        address.normalize('NFD'),
        address.normalize('NFC'),
        `${local}@${domainToASCII(domain)}`,
        `${local}@${domainToASCII(domain).toUpperCase()}`,
      ]
      for (const other of [address, ...same]) {
        expect([other, isEmail(other)]).toEqual([other, true])
        expect([other, emailKey(other)]).toEqual([other, emailKey(address)])
      }
    }),
    { numRuns: 2_000 },
  )
})

test('no letter of Unicode makes two addresses by its case', () => {
  const differing: string[] = []
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const letter = String.fromCodePoint(point)
    if (!/\p{L}/u.test(letter)) continue
    const keys = [letter, letter.toUpperCase(), letter.toLowerCase()].map((it) => emailKey(`a${it}b@c.de`))
    if (new Set(keys).size > 1) differing.push(letter)
  }
  expect(differing).toEqual([])
})

test('addresses of other letters, and of other domains, have other keys', () => {
  const all = [
    'a@example.com',
    'b@example.com',
    'ä@example.com',
    'a@examplé.com',
    'a.@example.com',
    'а@example.com',
  ]
  expect(new Set(all.map(emailKey)).size).toBe(all.length)
})
