// Hears the keys that open the search or the help while the application is on its way, and keeps what is typed after those of the
// search. The application takes them over with `takeEarlyKeys()`: src/app/open-search.ts. If that was here first, it hears them itself.
if (!globalThis.hearsKeys) {
  const keys = []

  const hear = (event) => {
    // Keys go into a field: the application is there.
    if (event.target !== document.body) return
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event
    const isPlain = !ctrlKey && !metaKey && !altKey
    const asks = isPlain ? key === '/' : key.toLowerCase() === 'k' && !altKey && !shiftKey
    const isTyped = isPlain && (key.length === 1 || key === 'Backspace' || key === 'Enter')
    const isHelp = isPlain && key === '?'
    // After "?" no text is kept, and the key of the search takes its place.
    if (key === 'Escape' || (asks && keys[0]?.key === '?')) keys.length = 0
    if (asks || (isTyped && keys.length > 0) || isHelp) {
      event.preventDefault()
      // Nothing has happened yet, so a person may ask again.
      if (keys.length === 0 || (isTyped && keys[0].key !== '?')) keys.push(event)
    }
  }

  addEventListener('keydown', hear)
  globalThis.takeEarlyKeys = () => {
    removeEventListener('keydown', hear)
    return keys.splice(0)
  }
}
