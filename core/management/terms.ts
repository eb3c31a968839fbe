/** Reasons of a refusal as RabbitMQ writes them: terms of Erlang, which clients show or match. */

/** Letters of a line beyond which a list of terms is broken. */
const LINE_LETTERS = 78;

/** `[{key_missing,write},{key_missing,read}]` */
export function keysMissing(keys: readonly string[]): string {
  const terms = keys.map((key) => `{key_missing,${key}}`);
  const line = `[${terms.join(',')}]`;
  return line.length <= LINE_LETTERS ? line : `[${terms.join(',\n ')}]`;
}

/** What is wrong with a policy or a parameter; where a page shows it, signs are escaped. */
export function validationFailed(text: string, escaped: boolean): string {
  const shown = escaped
    ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    : text;
  return `Validation failed\n\n${shown}\n`;
}
