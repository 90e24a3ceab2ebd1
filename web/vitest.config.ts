import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    // setup/results.py reads the counts from the report.
    reporters: ["default", ["junit", { outputFile: "../target/web/junit.xml" }]],
    // Browsers and servers share two cores; one file after the other is quicker than all at once.
    fileParallelism: false,
    // Starting a server of the debug build takes seconds on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
