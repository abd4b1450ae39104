import { Link } from '@tanstack/react-router'

/** A number that leads to all that ever happened to it. */
export const NumberLink = ({ number, prefix }: { number: string; prefix: string }) => (
  <Link to="/numbers/$number" params={{ number }} search={{ prefix }} className="link mono">
    {number}
  </Link>
)
