/** Plain ES modules: run with `node --experimental-vm-modules node_modules/jest/bin/jest.js`. */
export default { transform: {} };
