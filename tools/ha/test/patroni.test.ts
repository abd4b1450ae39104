import { isFollowing } from '../src/patroni'

const leader = {
  timeline: 8,
  replication: [
    { application_name: 'node1', state: 'streaming' },
    { application_name: 'node2', state: 'startup' },
  ],
}

test('a standby follows that streams, on the timeline of the leader', () => {
  expect(isFollowing('node1', { timeline: 8 }, leader)).toBe(true)
})

// It connects every half a second, until the leader tells it that its timeline has ended.
test('one that must be rewound does not, though it connects', () => {
  expect(isFollowing('node1', { timeline: 7 }, leader)).toBe(false)
})

test.each([
  ['is only starting to stream', 'node2', { timeline: 8 }, leader],
  ['does not stream', 'node3', { timeline: 8 }, leader],
  ['says nothing', 'node1', undefined, leader],
  ['does not know its timeline', 'node1', {}, { ...leader, timeline: undefined }],
  ['has a leader that says nothing', 'node1', { timeline: 8 }, undefined],
])('nor does one that %s', (_, name, standby, first) => {
  expect(isFollowing(name, standby, first)).toBe(false)
})
