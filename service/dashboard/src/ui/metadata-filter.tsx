import { useState } from "preact/hooks";
import { metadataOf } from "../api/filters";
import { place, setQuery } from "../router";
import { Field } from "./parts";

/** Filters of a list by metadata, kept in the page's address: those there are, and one more. */
export function MetadataFilter({ of }: { of: string }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const chosen = Object.entries(metadataOf(place.value.query));
  const add = (event: Event) => {
    event.preventDefault();
    if (!key.trim() || !value) return;
    setQuery({ [`metadata.${key.trim()}`]: value });
    setKey("");
    setValue("");
  };
  return (
    <details class="filter" open={chosen.length > 0}>
      <summary>Filter by metadata</summary>
      <form class="row filter-form" onSubmit={add}>
        <Field label="Key">{(ids) => <input {...ids} required value={key} onInput={(event) => setKey(event.currentTarget.value)} />}</Field>
        <Field label="Value">{(ids) => <input {...ids} required value={value} onInput={(event) => setValue(event.currentTarget.value)} />}</Field>
        <button class="button">Show only {of} that have it</button>
      </form>
      {chosen.length > 0 && (
        <ul class="row filter-chosen">
          {chosen.map(([name, wanted]) => (
            <li key={name}>
              <code>{name}</code> is <code>{wanted}</code>{" "}
              <button type="button" class="button little" aria-label={`Show ${of} whatever their ${name} is`} onClick={() => setQuery({ [`metadata.${name}`]: undefined })}>Take away</button>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
