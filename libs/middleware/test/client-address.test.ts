import fc from 'fast-check'
import { clientAddress, plainAddress } from '../src'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  [' 192.0.2.1 ', '192.0.2.1'],
  ['192.0.2.1:8080', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['"[2001:db8::1]:443"', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
])('%j is the client %s', (written, client) => {
  expect(plainAddress(written)).toBe(client)
})

test.each([
  '',
  'unknown',
  '_hidden',
  '192.0.2',
  '192.0.2.1.5',
  '300.0.2.1',
  '0x7f.1',
  '[]',
  '[192.0.2.1',
  'a:1',
])('%j is no address', (text) => expect(plainAddress(text)).toBeUndefined())

test.each<[string, string | undefined, number, string]>([
  ['nobody is believed', '198.51.100.7', 0, '192.0.2.9'],
  [
    'one proxy is: what it appended counts, and not what the client made up',
    '203.0.113.1, 198.51.100.7:51234',
    1,
    '198.51.100.7',
  ],
  ['two are', '203.0.113.1, [2001:db8::7]:51234, 10.0.0.1', 2, '2001:db8::7'],
  ['fewer than are believed have appended something', '198.51.100.7', 3, '198.51.100.7'],
  ['a proxy appended no address', '203.0.113.1, unknown', 1, '192.0.2.9'],
  ['the first of two did not', '203.0.113.1, unknown, 10.0.0.1', 2, '10.0.0.1'],
  ['the header is missing', undefined, 1, '192.0.2.9'],
  ['the header is empty', ' , ', 1, '192.0.2.9'],
])('the address of a client where %s', (_case, forwarded, proxies, client) => {
  expect(clientAddress('::ffff:192.0.2.9', forwarded, proxies)).toBe(client)
})

test('a connection that has gone has no address', () => {
  expect(clientAddress(undefined, undefined, 1)).toBeUndefined()
})

const port = fc.integer({ min: 1, max: 65_535 })

test('however proxies write it, the same client is one client', () => {
  fc.assert(
    fc.property(fc.ipV4(), port, (ip, port) => {
      const written = [
        ip,
        `${ip}:${port}`,
        `::ffff:${ip}`,
        `[::ffff:${ip}]`,
        `[::ffff:${ip}]:${port}`,
        `"${ip}"`,
      ]
      expect(new Set(written.map(plainAddress))).toEqual(new Set([ip]))
    }),
  )
  fc.assert(
    fc.property(fc.ipV6(), port, (ip, port) => {
      const plain = plainAddress(ip)
      expect(plain).toBeDefined()
      const written = [
        plain,
        ip.toUpperCase(),
        `[${ip}]`,
        `[${ip}]:${port}`,
        `"[${ip}]:${port}"`,
        `${ip}%eth0`,
      ]
      expect(new Set(written.map(plainAddress))).toEqual(new Set([plain]))
    }),
  )
})

test('whatever a header says, an address comes of it that is in its one form, or the connection’s', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(10), (forwarded, proxies) => {
      const address = clientAddress('192.0.2.9', forwarded, proxies)
      expect(address).toBeDefined()
      expect(plainAddress(address)).toBe(address)
    }),
  )
})
