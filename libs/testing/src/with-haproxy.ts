import { suiteNeeding } from './needing'
import { hasHaproxy } from './test-haproxy'

/** Tests that need HAProxy; skipped with a notice where it is not installed, unless no suite may be skipped. */
export const withHaproxy = suiteNeeding('haproxy', hasHaproxy)
