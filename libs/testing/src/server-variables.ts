/** The variables through which jest's process tells a worker of the server that it has to itself. */
export const serverVariables = (worker: number) => ({
  adminUrl: `ORDINAL_TEST_POSTGRES_URL_${worker}`,
  dataFolder: `ORDINAL_TEST_POSTGRES_FOLDER_${worker}`,
})
