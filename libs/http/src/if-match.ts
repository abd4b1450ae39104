/** The versions that an If-Match names; undefined if any will do. A weak tag, or no tag at all, names none. */
export function versionsIn(ifMatch: string | string[] | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  return Array.from(String(ifMatch).matchAll(/(?<!W\/)"(\d{1,9})"/g), ([, version]) => Number(version))
}
