import { createTheme, type CSSVariablesResolver } from '@mantine/core'

// What can be clicked appears where it stays: a click is lost if its button moves between press and release.
const inPlace = { transition: 'fade', duration: 150 } as const

export const theme = createTheme({
  respectReducedMotion: true,
  primaryColor: 'indigo',
  // White on it, and it on white, have the contrast that WCAG AA asks for.
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  colors: {
    // Slate rather than neutral, so that colours of states stand out of a calm page.
    dark: [
      '#e6e9f0',
      '#c3c9d6',
      '#a3abbd',
      '#7d8699',
      '#4b5468',
      '#353d4f',
      '#262d3b',
      '#171c26',
      '#12161f',
      '#0c0f16',
    ],
  },
  components: {
    Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: 'md' } },
    Badge: { defaultProps: { radius: 'sm', tt: 'none', fw: 500 } },
    Paper: { defaultProps: { withBorder: true, radius: 'lg' } },
    Modal: { defaultProps: { radius: 'lg', centered: true, transitionProps: inPlace } },
    // The placeholder is an element without a role, which a menu may not have; the first item gets the focus.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    SpotlightRoot: { defaultProps: { transitionProps: inPlace } },
    // Fields in a row have their inputs in a line, whether or not they have a description.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
    Tooltip: { defaultProps: { openDelay: 250 } },
  },
})

/** Colours of Mantine that are too faint for WCAG AA. The console's own are in ui.css. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#566074',
    '--mantine-color-placeholder': '#626c80',
    '--mantine-color-body': '#ffffff',
  },
  dark: {
    '--mantine-color-dimmed': '#a3abbd',
    '--mantine-color-placeholder': '#98a1b3',
    '--mantine-color-body': '#12161f',
  },
})
