import { AppError } from './errors'

/** Who changes what is kept version by version, and why: it goes on record with the change. */
export interface Author {
  by: string
  reason: string | undefined
  requestId: string
}

/**
 * Refuses a change that was made for another version.
 *
 * @param expected the versions that are to be changed; undefined if any
 * @throws AppError `version_mismatch`
 */
export function requireVersion(name: string, version: number, expected: readonly number[] | undefined): void {
  if (expected && !expected.includes(version))
    throw new AppError('version_mismatch', `${name} is at version ${version}; its ETag is "${version}"`)
}
