import { suiteNeeding } from '@ordinal/testing'
import { isInstalled } from '../src/prometheus'

/** Tests that need Prometheus; skipped with a notice where it is not installed, unless no suite may be skipped. */
export const withPrometheus = suiteNeeding('Prometheus', isInstalled)
