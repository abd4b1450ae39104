module.exports = {
  ...require('../../jest.preset.js'),
  modulePathIgnorePatterns: ['<rootDir>/programs'],
  verbose: true,
}
