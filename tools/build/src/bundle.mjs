// Bundles the project in whose folder it is run.
import { build } from 'esbuild'
import { bundleOptions, copyAssets } from './bundle-options.mjs'

await build(bundleOptions())
copyAssets()
