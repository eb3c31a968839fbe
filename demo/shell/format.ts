/** Numbers as people read them. */

/** Virtual time as `00:12.340`, with hours in front where there are any. */
export function clockText(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds));
  const hours = Math.floor(whole / 3_600_000);
  const parts = [Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60]
    .map((part) => String(part).padStart(2, '0'));
  if (hours > 0) parts.unshift(String(hours));
  return `${parts.join(':')}.${String(whole % 1000).padStart(3, '0')}`;
}

/** `0.5x`, `1000x` */
export function speedText(speed: number): string {
  const rounded = speed >= 10 ? Math.round(speed) : Math.round(speed * 100) / 100;
  return `${rounded}×`;
}

/** `1 message`, `2 messages` */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const bodyText = new TextDecoder('utf-8', { fatal: true });

/** The body of a message on one line, as far as it is text. */
export function bodyLine(body: Uint8Array, charactersMax = 60): string {
  try {
    const text = bodyText.decode(body).replaceAll(/\s+/g, ' ');
    return text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text;
  } catch {
    return `${body.length} bytes`;
  }
}
