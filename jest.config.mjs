/** One project per suite, so that `./nikash test unit` needs no broker and `integration` finds the local stack. */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.nikash/'],
}
const suite = (name, extra = {}) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  ...extra,
})

export default {
  projects: [
    suite('unit'),
    suite('topology'),
    suite('property'),
    suite('contract'),
    suite('integration'),
    suite('e2e'),
    suite('faults'),
  ],
}
