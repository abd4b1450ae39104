/** The user service is a few files, and one room. What it writes by Prisma is a row, and promises nothing of another. */
export const rooms = {
  app: 'user-service',
  rooms: {},
  writes: true,
}
