import { suiteNeeding } from '@ordinal/testing'
import { isInstalled } from './programs'

/** Tests that need helm and kubectl; skipped with a notice without them, unless no suite may be skipped. */
export const withPrograms = suiteNeeding('helm and kubectl (make deploy-tools installs them)', isInstalled)
