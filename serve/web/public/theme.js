// Runs before the first paint, so that a page never flashes in the other theme.
try {
  const theme = localStorage.getItem('tagpol.theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {
  // Storage can be disabled. The theme of the system applies.
}
