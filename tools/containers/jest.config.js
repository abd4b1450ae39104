// Run by `make docker-check`, and not by `make test`: it needs a Docker engine.
module.exports = { ...require('../../jest.preset.js'), maxWorkers: 1, verbose: true }
