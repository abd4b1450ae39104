// All styles of Mantine are five times what the console uses: a component that is new here has its line.
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
