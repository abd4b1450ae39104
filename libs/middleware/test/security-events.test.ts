import fc from 'fast-check'
import { commonErrors } from '@ordinal/errors'
import { eventFields } from '../src'

// What the Elastic Common Schema allows: https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category
const allowed = {
  authentication: ['start', 'end', 'info'],
  api: [
    'access',
    'admin',
    'allowed',
    'change',
    'creation',
    'deletion',
    'denied',
    'end',
    'info',
    'start',
    'user',
  ],
}

test('whatever happens to a request, its event is one that the Elastic Common Schema knows', () => {
  const codes = Object.keys(commonErrors)
  const actions = ['read', 'create', 'change', 'delete', 'erase'] as const
  fc.assert(
    fc.property(
      fc.option(fc.constantFrom(...codes), { nil: undefined }),
      fc.option(
        fc.record({
          action: fc.constantFrom(...actions),
          userIds: fc.array(fc.integer({ min: 1 }), { maxLength: 100 }),
        }),
        { nil: undefined },
      ),
      fc.boolean(),
      (refused, personal, succeeded) => {
        const { event, user_ids: userIds } = eventFields({ refused, personal }, succeeded)
        if (!event) return expect(personal).toBeUndefined()
        expect(event.kind).toBe('event')
        const types = event.category.flatMap((category) => allowed[category])
        for (const type of event.type) expect(types).toContain(type)
        expect(event.outcome === 'success').toBe(userIds !== undefined && succeeded)
        expect(event.code).toBe(refused)
        if (userIds) expect(userIds).toEqual(personal!.userIds)
      },
    ),
  )
})

test.each([
  ['authentication_required', 'sign-in', 'authentication'],
  ['invalid_token', 'sign-in', 'authentication'],
  ['invalid_api_key', 'sign-in', 'authentication'],
  ['role_too_low', 'authorize', 'api'],
  ['scope_missing', 'authorize', 'api'],
])('%s is an event of %s', (refused, action, category) => {
  expect(eventFields({ refused }, false).event).toMatchObject({
    action,
    category: expect.arrayContaining([category]) as unknown,
    outcome: 'failure',
    code: refused,
  })
})

test('what is no matter of security is no event', () => {
  expect(eventFields({ refused: 'validation_failed' }, false)).toEqual({})
  expect(eventFields({}, true)).toEqual({})
})
