import { signal } from "@preact/signals";

/** Where the page is: the path below /ui, without a slash at its end, and the query. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

export const BASE = "/ui";

function here(): Place {
  const path = window.location.pathname.replace(/^\/ui/, "").replace(/\/+$/, "") || "/";
  return { path, query: new URLSearchParams(window.location.search) };
}

export const place = signal<Place>(here());

/** The address of a page, for links. */
export function href(path: string, query?: Record<string, string | undefined>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== "") asked.set(name, value);
  const text = asked.toString();
  return BASE + (path === "/" ? "/" : path) + (text ? `?${text}` : "");
}

/** Go to another page; with `replace`, so that "back" passes this one by. */
export function go(path: string, query?: Record<string, string | undefined>, replace = false): void {
  const address = href(path, query);
  if (replace) window.history.replaceState(null, "", address);
  else window.history.pushState(null, "", address);
  const before = place.value.path;
  place.value = here();
  if (!replace && place.value.path !== before) {
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }
}

/** Change what the query says, and stay on the page. An empty value takes the parameter away. */
export function setQuery(changes: Record<string, string | undefined>): void {
  const query = Object.fromEntries(place.value.query);
  go(place.value.path, { ...query, ...changes }, true);
}

/** Follow links to pages without loading them anew, as the browser would with a plain click. */
export function listen(): () => void {
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
    if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return;
    if (link.hash && link.pathname === window.location.pathname) return;
    event.preventDefault();
    go(link.pathname.slice(BASE.length) || "/", Object.fromEntries(new URLSearchParams(link.search)));
  };
  const onBack = () => {
    place.value = here();
  };
  document.addEventListener("click", onClick);
  window.addEventListener("popstate", onBack);
  return () => {
    document.removeEventListener("click", onClick);
    window.removeEventListener("popstate", onBack);
  };
}

/** The parts of a path that a pattern such as "/models/:name" names; null where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const named: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? "";
    if (part.startsWith(":")) {
      try {
        named[part.slice(1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (part !== text) return null;
  }
  return named;
}
