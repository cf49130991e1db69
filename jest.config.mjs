// Three projects. `unit` needs nothing; `engines` starts the real Kafka, Trino, Spark and S3; `long` is for npm run test:long.
const shared = {
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2024", parser: { syntax: "typescript" } }, module: { type: "nodenext" } },
    ],
  },
  moduleNameMapper: {},
  testPathIgnorePatterns: ["/node_modules/", "/.serverless/", "/.wikilake/"],
  modulePathIgnorePatterns: ["<rootDir>/.serverless", "<rootDir>/.wikilake", "<rootDir>/.esbuild"],
};

export default {
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/tests/**/*.test.ts"],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, "\\.(int|long)\\.test\\.ts$"],
    },
    { ...shared, displayName: "engines", testMatch: ["<rootDir>/tests/**/*.int.test.ts"] },
    { ...shared, displayName: "long", testMatch: ["<rootDir>/tests/**/*.long.test.ts"] },
  ],
};
