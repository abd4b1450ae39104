import { resolve } from 'node:path'

/** The folder of the repository; the bundle is dist/tools/bench/main.js. */
export const root = resolve(__dirname, '../../..')
