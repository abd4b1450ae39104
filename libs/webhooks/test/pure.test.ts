import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterAttempt, retryAfterMsOf } from '../src/after-attempt'
import { addressPolicy, isNetwork } from '../src/addresses'
import { createSealer, isSealingKey } from '../src/sealing'
import { newSecret, signedHeaders } from '../src/signature'

describe('an address', () => {
  const refused = [
    '0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 168.63.129.16',
    '169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1',
    '198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255',
    ':: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::8.8.8.8',
    '64:ff9b:1::1 100::1 2001::1 2001:0:53aa:64c::1 2001:db8::1 2002:7f00:1::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1',
    'fec0::1 ff02::1 localhost 127.1 2130706433 0x7f000001',
  ].flatMap((line) => line.split(' '))
  const allowed =
    '1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 223.255.255.255 2606:4700::1 2a00:1450:4001::1'

  test.each(refused)('%s is refused', (address) => {
    expect(addressPolicy([]).allows(address)).toBe(false)
  })

  test.each(allowed.split(' '))('%s is allowed', (address) => {
    expect(addressPolicy([]).allows(address)).toBe(true)
  })

  test('of a network that is allowed is allowed, and no other', () => {
    const policy = addressPolicy(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32'])
    const allows = (address: string) => policy.allows(address)
    expect(['10.1.2.3', '127.0.0.1', 'fd00:1::5', '8.8.8.8'].map(allows)).toEqual([true, true, true, true])
    expect(['10.2.0.1', '127.0.0.2', 'fd00:2::1', '::1'].map(allows)).toEqual([false, false, false, false])
  })

  test('of a mapped IPv4 address is refused, whatever that is, and so is what NAT64 makes of it', () => {
    const policy = addressPolicy([])
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        for (const prefix of ['::ffff:', '::', '64:ff9b::'])
          expect(policy.allows(prefix + address)).toBe(false)
      }),
    )
  })

  test('of a network that is none is known as none', () => {
    expect(['10.0.0.0/8', '::1', 'fd00::/8'].every(isNetwork)).toBe(true)
    expect(['10.0.0.0/33', 'localhost', '10.0.0.0/8/1', '10.0.0.0/', '', 'fd00::/129'].some(isNetwork)).toBe(
      false,
    )
  })
})

describe('a signature', () => {
  const now = () => Math.floor(Date.now() / 1000)

  test('is taken by the library of Standard Webhooks, whatever the body is', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.jsonValue(), (id, value) => {
        const body = JSON.stringify({ value })
        const secret = newSecret()
        const headers = signedHeaders({ id, timestamp: now(), body }, [secret])
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
      }),
    )
  })

  test('is there for each of two secrets, and for no other', () => {
    const [first, second] = [newSecret(), newSecret()]
    const headers = signedHeaders({ id: 'a', timestamp: now(), body: '{}' }, [first, second])
    for (const secret of [first, second]) expect(new Webhook(secret).verify('{}', headers)).toEqual({})
    expect(() => new Webhook(newSecret()).verify('{}', headers)).toThrow()
    expect(() => new Webhook(first).verify('{ }', headers)).toThrow()
    expect(() => new Webhook(first).verify('{}', { ...headers, 'webhook-id': 'b' })).toThrow()
    const later = { ...headers, 'webhook-timestamp': String(now() + 1) }
    expect(() => new Webhook(first).verify('{}', later)).toThrow()
  })
})

describe('a sealed secret', () => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((key) => key.toString('base64')) as [
    string,
    string,
  ]

  test('is not the secret, and opens with its key, also when that is no longer the first', () => {
    const sealed = createSealer([one]).seal('whsec_secret')
    expect(sealed).not.toContain('secret')
    expect(createSealer([other, one]).open(sealed)).toBe('whsec_secret')
    expect(() => createSealer([other]).open(sealed)).toThrow('is not in WEBHOOK_KEYS')
  })

  test('that was altered does not open', () => {
    const sealed = createSealer([one]).seal('whsec_secret')
    const altered = sealed.slice(0, -4) + (sealed.endsWith('AAA=') ? 'BBB=' : 'AAA=')
    expect(() => createSealer([one]).open(altered)).toThrow()
  })

  test('is the secret where there is no key, and is still read when there is one', () => {
    expect(createSealer([]).seal('whsec_secret')).toBe('whsec_secret')
    expect(createSealer([one]).open('whsec_secret')).toBe('whsec_secret')
  })

  test('has a key of 32 bytes', () => {
    expect([isSealingKey(one), isSealingKey('c2hvcnQ='), isSealingKey('')]).toEqual([true, false, false])
  })
})

describe('after an attempt', () => {
  const schedule = { pausesMs: [10, 100, 1_000], offAfterMs: 60_000 }
  const now = new Date()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const fresh = { attempt: 1, firstFailedAt: undefined, failingSince: undefined }
  const status = fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined })

  test('only 2xx is a success, and that always', () => {
    fc.assert(
      fc.property(status, fc.integer({ min: 1, max: 20 }), (status, attempt) => {
        const step = afterAttempt({ status }, { ...fresh, attempt }, schedule, now, 0)
        expect(step.is === 'delivered').toBe(status !== undefined && status >= 200 && status < 300)
      }),
    )
  })

  test('a 2xx whose answer did not end is tried again', () => {
    const cut = { status: 200, error: 'the answer was cut off' }
    expect(afterAttempt(cut, fresh, schedule, now, 0)).toEqual({ is: 'retry', pauseMs: 10 })
  })

  test('the pauses are those of the schedule, with at most a fifth more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const step = afterAttempt({ status: 500 }, { ...fresh, attempt }, schedule, now, random)
          const planned = schedule.pausesMs[attempt - 1]!
          const { pauseMs } = step as { pauseMs: number }
          expect(pauseMs).toBeGreaterThanOrEqual(planned)
          expect(pauseMs).toBeLessThanOrEqual(planned * 1.2)
        },
      ),
    )
  })

  test('Retry-After makes a pause longer, up to the longest, and never shorter', () => {
    const pauseAfter = (retryAfterMs: number, attempt = 1) =>
      afterAttempt({ status: 503, retryAfterMs }, { ...fresh, attempt }, schedule, now, 0)
    expect(pauseAfter(500)).toEqual({ is: 'retry', pauseMs: 500 })
    expect(pauseAfter(1)).toEqual({ is: 'retry', pauseMs: 10 })
    expect(pauseAfter(1e9)).toEqual({ is: 'retry', pauseMs: 1_000 })
    expect(['5', '0', undefined, '-1', '1.5', 'soon'].map((text) => retryAfterMsOf(text, now))).toEqual([
      5_000,
      0,
      ...Array(4).fill(undefined),
    ])
    for (const endless of ['9999999999', '9'.repeat(30), '9'.repeat(400)])
      expect(pauseAfter(retryAfterMsOf(endless, now)!)).toEqual({ is: 'retry', pauseMs: 1_000 })
    const inTwo = new Date(Math.ceil(now.getTime() / 1000) * 1000 + 2_000)
    expect(retryAfterMsOf(inTwo.toUTCString(), now)).toBe(inTwo.getTime() - now.getTime())
    expect(retryAfterMsOf(ago(10_000).toUTCString(), now)).toBe(0)
  })

  test('the last attempt has failed if the receiver takes other events, and is not the last while it takes none', () => {
    const last = { attempt: 4, firstFailedAt: ago(1_000) }
    const after = (failingSince: Date | undefined) =>
      afterAttempt({ status: 500 }, { ...last, failingSince }, schedule, now, 0)
    expect(after(undefined)).toEqual({ is: 'failed' })
    expect(after(ago(500))).toEqual({ is: 'failed' })
    expect(after(ago(1_000))).toEqual({ is: 'retry', pauseMs: 1_000 })
    expect(after(ago(2_000))).toEqual({ is: 'retry', pauseMs: 1_000 })
    expect(after(ago(60_000))).toEqual({ is: 'off', reason: 'failing', pauseMs: 1_000 })
  })

  test('410 switches off at once', () => {
    expect(afterAttempt({ status: 410 }, fresh, schedule, now, 0)).toEqual({
      is: 'off',
      reason: 'gone',
      pauseMs: 10,
    })
  })
})
