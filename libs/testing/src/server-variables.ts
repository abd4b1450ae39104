/** The variables through which jest's process tells its workers of the server of the run. */
export const serverVariables = {
  adminUrl: 'ORDINAL_TEST_POSTGRES_URL',
  dataFolder: 'ORDINAL_TEST_POSTGRES_FOLDER',
}
