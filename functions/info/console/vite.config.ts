import { defineConfig } from "vitest/config";

export default defineConfig({
  // Addresses are relative to the page's folder, wherever the service lies.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // The page's policy lets nothing be inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
  test: { include: ["src/**/*.test.ts"] },
});
