import type { NextConfig } from "next";

const config: NextConfig = {
  output: "export",
  reactStrictMode: true,
  poweredByHeader: false,
  // There is no server that could make images smaller, and pages show none of other people's.
  images: { unoptimized: true },
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks"] },
};

export default config;
