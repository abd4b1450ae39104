interface Kind {
  status: number
  title: string
  cause: string
  remedy: string
  example: string
}

/** Registers the tests that every table of errors passes. */
export function testErrorTable<K extends Kind>(
  table: Readonly<Record<string, K>>,
  grpcStatusOf: (kind: K) => string,
): void {
  const rows = Object.entries(table)

  test.each(rows)('%s says what, why and how to fix it', (code, kind) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(kind.status).toBeGreaterThanOrEqual(400)
    expect(kind.status).toBeLessThan(600)
    for (const text of [kind.title, kind.cause, kind.remedy, kind.example])
      expect(text.length).toBeGreaterThan(10)
  })

  test('an error of the caller is never one that clients repeat by themselves, and one of ours never theirs', () => {
    for (const [, kind] of rows) {
      const ours = ['INTERNAL', 'UNAVAILABLE', 'UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED']
      if (kind.status >= 500) expect(ours).toContain(grpcStatusOf(kind))
      else expect(['INTERNAL', 'UNAVAILABLE', 'UNKNOWN']).not.toContain(grpcStatusOf(kind))
    }
  })
}
