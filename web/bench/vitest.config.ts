import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("..", import.meta.url)) } },
  test: { include: ["bench/**/*.bench.ts"], fileParallelism: false, testTimeout: 900_000, hookTimeout: 600_000 },
});
