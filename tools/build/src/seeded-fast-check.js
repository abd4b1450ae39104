// What tests get by `import fc from 'fast-check'`: each property is tried with the cases of TEST_SEED.
const fc = require('../../../node_modules/fast-check/lib/cjs/fast-check.js')

fc.configureGlobal({ seed: Number(process.env.TEST_SEED) })

module.exports = fc
