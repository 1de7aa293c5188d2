import type { ComponentType } from "preact";

export interface PageOf {
  pattern: string;
  load: () => Promise<{ default: ComponentType<never> }>;
}

/** What the frame leads to. */
export const SECTIONS = [
  { name: "Overview", path: "/" },
  { name: "Datasets", path: "/datasets" },
  { name: "Train", path: "/train" },
  { name: "Jobs", path: "/jobs" },
  { name: "Models", path: "/models" },
  { name: "Predict", path: "/predict" },
  { name: "Learn", path: "/learn" },
  { name: "System", path: "/system" },
] as const;

/** Every page by its path; each is fetched when it is first gone to, and is given the named parts of its path. */
export const PAGES: PageOf[] = [
  { pattern: "/", load: () => import("./overview") },
  { pattern: "/datasets", load: () => import("./datasets/list") },
  { pattern: "/datasets/new", load: () => import("./datasets/upload/new") },
  { pattern: "/datasets/:id", load: () => import("./datasets/one") },
  { pattern: "/train", load: () => import("./train") },
  { pattern: "/jobs", load: () => import("./jobs") },
  { pattern: "/jobs/:id", load: () => import("./job") },
  { pattern: "/predict", load: () => import("./predict/choose") },
  { pattern: "/predict/:ref", load: () => import("./predict/page") },
  { pattern: "/learn", load: () => import("./learn") },
  { pattern: "/system", load: () => import("./system/page") },
  { pattern: "/models", load: () => import("./models/list") },
  { pattern: "/models/:name/versions/:version", load: () => import("./version/page") },
  { pattern: "/models/:name/compare", load: () => import("./compare/page") },
  { pattern: "/models/:name", load: () => import("./models/model") },
  { pattern: "/predict", load: () => import("./predict/choose") },
  { pattern: "/predict/:ref", load: () => import("./predict/page") },
  { pattern: "/system", load: () => import("./system/page") },
];
