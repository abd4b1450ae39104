/** What the library is for comes here. It reads no environment, starts nothing and opens nothing when it is imported. */
export const sampleLibrary = (text: string): string => text.trim()
