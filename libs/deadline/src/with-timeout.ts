/** As the work, or rejected after so many milliseconds: what comes later is dropped. */
export async function withTimeout<T>(
  work: Promise<T> | T,
  timeoutMs: number,
  tooLate = () => new Error(`Not done after ${Math.round(timeoutMs)} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), timeoutMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
