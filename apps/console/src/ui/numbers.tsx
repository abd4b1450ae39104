import { useSettings, type LanguageName } from './settings'

const formatsOf = (locale: string) => {
  const format = (options?: Intl.NumberFormatOptions) => {
    const formatter = new Intl.NumberFormat(locale, options)
    return (value: number) => formatter.format(value)
  }
  const whole = format({ maximumFractionDigits: 0 })
  const tenths = format({ maximumFractionDigits: 1 })
  return {
    /** How many: `10,000`. */
    count: whole,
    /** With one decimal, where it is none: `2.5`. */
    tenths,
    /** A quantity that may be small: with one decimal below 10. */
    rate: (value: number) => (value < 10 ? tenths : whole)(value),
    /** Money, without its currency: `99.50`. */
    amount: format({ minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  }
}

/** How each language writes numbers. Values that are part of a document's number are texts, and not written so. */
export const numberFormats: Record<LanguageName, ReturnType<typeof formatsOf>> = {
  en: formatsOf('en-GB'),
  de: formatsOf('de-DE'),
}

/** How the chosen language writes numbers. */
export const useNumberFormats = () => numberFormats[useSettings().language]

interface Quantity {
  /** A dash where it is not known. */
  of: number | undefined
}

const shownBy = (name: 'count' | 'rate' | 'amount') =>
  function Quantity({ of }: Quantity) {
    const formats = useNumberFormats()
    return of === undefined ? '–' : formats[name](of)
  }

export const Count = shownBy('count')
export const Rate = shownBy('rate')
export const Amount = shownBy('amount')
