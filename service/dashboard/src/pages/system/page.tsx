import type { ComponentChildren } from "preact";
import { may, session } from "../../api/client";
import { place, setQuery } from "../../router";
import { Empty, Heading, Tabs } from "../../ui/parts";
import { Keys } from "./keys";
import { Owners } from "./owners";
import { Ready, Server } from "./server";
import { Usage } from "./usage";
import { Webhooks } from "./webhooks";
import "../../styles/system.css";

const PARTS = ["Server", "Storage", "Keys", "Owners", "Webhooks"] as const;
type Part = (typeof PARTS)[number];

/** How the installation is, and who may use it; what needs a key of those who run it is said to be closed. */
export default function System() {
  const asked = place.value.query.get("part")?.toLowerCase();
  const part = PARTS.find((one) => one.toLowerCase() === asked) ?? "Server";
  const who = session.value;
  return (
    <>
      <Heading title="System" />
      {who && (
        <p class="quiet">
          {who.key === null ? "No key is needed here, since this server has none. You are" : "You are signed in as"} <strong>{who.owner}</strong>, and may {who.scopes.join(", ") || "do nothing"}.
        </p>
      )}
      <Tabs names={PARTS} chosen={part} onChoose={(name) => setQuery({ part: name === "Server" ? undefined : name.toLowerCase() })} label="Parts of the system" />
      <div class="stack">{show(part)}</div>
    </>
  );
}

function show(part: Part): ComponentChildren {
  switch (part) {
    case "Server":
      return may("admin") ? <Server /> : <><Ready /><Closed what="Queues, workers, failures and storage of the whole server" /></>;
    case "Storage":
      return may("read") ? <Usage /> : <Closed what="What you have stored" scope="read" />;
    case "Keys":
      return may("admin") ? <Keys /> : <Closed what="Keys" />;
    case "Owners":
      return may("admin") ? <Owners /> : <Closed what="Owners and their limits" />;
    case "Webhooks":
      return may("read") ? <Webhooks /> : <Closed what="Your webhooks" scope="read" />;
  }
}

/** What a key does not open, and why. */
function Closed({ what, scope = "admin" }: { what: string; scope?: "admin" | "read" }) {
  const has = session.value?.scopes.join(", ") || "none";
  return (
    <Empty title="Your key does not open this">
      <p>{what} are for keys with the scope <code>{scope}</code>; yours has {has}. Whoever runs this server can make such a key.</p>
    </Empty>
  );
}
