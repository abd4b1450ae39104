module.exports = {
  ...require('../../jest.preset.js'),
  modulePathIgnorePatterns: ['<rootDir>/programs'],
  verbose: true,
  testTimeout: 120_000,
}
