import init from './beacon-ui.js';

// Before the interface is there, so that a dark window does not begin white.
const chosen = localStorage.getItem('beacon.theme');
const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.dataset.theme = dark ? 'dark' : 'light';

init();
