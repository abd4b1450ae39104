import { IconMapOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Notice } from '../ui/states'
import { useTexts } from '../ui/texts'

export function NotFound() {
  const texts = useTexts()
  return (
    <Notice
      icon={<IconMapOff size={28} />}
      title={texts.notFound}
      action={
        <Link to="/" className="link">
          {texts.backToOverview}
        </Link>
      }
    />
  )
}
