import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loadSession, needsKey, session, signOut } from "./api/client";
import { type ApiProblem, asProblem } from "./api/problem";
import { useAction } from "./api/use";
import icon from "./icon.svg";
import { PAGES, SECTIONS } from "./pages";
import { SignIn } from "./pages/sign-in";
import { href, listen, match, place } from "./router";
import { theme } from "./theme";
import { Empty, Waiting, Wrong } from "./ui/parts";

/** The frame of all pages: where one can go, and the page of the present path. */
export function App() {
  const [problem, setProblem] = useState<ApiProblem>();
  useEffect(listen, []);
  const leaving = useAction(signOut);
  const start = () => {
    setProblem(undefined);
    void loadSession().catch((error: unknown) => setProblem(asProblem(error)));
  };
  useEffect(start, []);
  return (
    <div class="shell">
      <a class="skip" href="#main">Skip to the page</a>
      <nav class="shell-nav" aria-label="Pages">
        <a class="brand" href={href("/")}><img src={icon} alt="" />Adaline</a>
        <ul>
          {SECTIONS.map(({ name, path }) => (
            <li key={path}>
              <a href={href(path)} aria-current={isIn(path) ? "page" : undefined}>{name}</a>
            </li>
          ))}
        </ul>
        <div class="shell-foot">
          <button type="button" class="button little" onClick={theme.next}>{theme.name.value}</button>
          <a class="small" href="/docs/">API documentation</a>
          {session.value?.csrf_token && !needsKey.value && <button type="button" class="button little" disabled={leaving.isRunning} onClick={() => void leaving.run()}>Sign out</button>}
        </div>
      </nav>
      <main class="shell-main stack" id="main" tabIndex={-1}>
        <Wrong problem={leaving.problem} onRetry={() => void leaving.run()} />
        {needsKey.value && <SignIn />}
        {problem && !session.value && !needsKey.value && <Wrong problem={problem} onRetry={start} />}
        {!problem && !session.value && !needsKey.value && <Waiting />}
        {/* while one signs in again the page is there, out of sight: what was typed is not lost. Another owner gets a new one */}
        {session.value && <div key={session.value.owner} class="stack" hidden={needsKey.value}><Page /></div>}
      </main>
    </div>
  );
}

function isIn(path: string): boolean {
  const at = place.value.path;
  return path === "/" ? at === "/" : at === path || at.startsWith(`${path}/`);
}

function Page() {
  const { path } = place.value;
  for (const { pattern, load } of PAGES) {
    const named = match(pattern, path);
    if (named) return <Lazy key={path} load={load} named={named} />;
  }
  return (
    <Empty title="There is no such page">
      <p><a href={href("/")}>Go to the first page</a></p>
    </Empty>
  );
}

const loaded = new Map<() => Promise<unknown>, ComponentType<{ named: Record<string, string> }>>();

/** A page that is fetched when it is first gone to. */
function Lazy({ load, named }: { load: () => Promise<{ default: ComponentType<never> }>; named: Record<string, string> }) {
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState<ApiProblem>();
  useEffect(() => {
    if (loaded.has(load)) return;
    load().then(
      (module) => {
        loaded.set(load, module.default as unknown as ComponentType<{ named: Record<string, string> }>);
        redraw((n) => n + 1);
      },
      () => setProblem(asProblem(new Error("The page cannot be loaded; the server may have been upgraded. Load it again."))),
    );
  }, [load]);
  const Shown = loaded.get(load);
  return problem ? <Wrong problem={problem} /> : Shown ? <Shown named={named} /> : <Waiting />;
}
