import init from './beacon-ui.js';

init();
