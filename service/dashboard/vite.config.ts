import { defineConfig } from "vite";

// Built into `built/`, which the wheel holds and `service.api.pages` serves under /ui. Nothing is inlined: the content
// security policy lets neither inline scripts nor styles run.
export default defineConfig({
  base: "/ui/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "built",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 300,
  },
});
