// Sets the theme before the first paint; src/app/theme.ts keeps it up to date afterwards.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('oriel.theme');
  } catch {
    // Storage may be blocked: the system's choice is followed.
  }
  const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
})();
