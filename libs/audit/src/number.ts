/** The constants of a number: it is the head, the value padded with zeros to the width, and the tail. */
export interface Frame {
  head: string
  width: number
  tail: string
}

/** A number: padding is a minimum, a longer value widens it. */
export const formatNumber = ({ head, width, tail }: Frame, value: number) =>
  head + String(value).padStart(width, '0') + tail
