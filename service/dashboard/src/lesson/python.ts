/** Numbers, names and lists as Python writes them. */

/** A number as Python's `f"{value:.8g}"` prints it. */
export function general(value: number, digits: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "0", power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const raised = Math.abs(exponent).toString().padStart(2, "0");
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${raised}`;
  }
  return trimmed(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

function trimmed(written: string): string {
  return written.includes(".") ? written.replace(/\.?0+$/, "") : written;
}

/** A string literal: what JSON escapes, Python reads; what ends a line or hides text is escaped besides. */
export function text(value: string): string {
  return JSON.stringify(value).replace(/[\u007f-\u00a0\u2028-\u202e\u2066-\u2069\ufeff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function listOf(parts: readonly string[]): string {
  return `[${parts.join(", ")}]`;
}

/** Parts of a list, several on a line of 100 signs. */
export function wrapped(parts: readonly string[]): string {
  const lines: string[] = [];
  let line = "   ";
  for (const part of parts) {
    if (line.length > 3 && line.length + part.length > 98) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${part},`;
  }
  return [...lines, line].join("\n");
}
