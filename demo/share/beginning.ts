import type { ClientSpec } from '../port/client-host.ts';
import type { RecordedInput } from '../port/recording.ts';
import { parts, type Shared } from './shared.ts';

type Definitions = Shared['definitions'];

/** How a run began, apart from what was done after that: what a link is asked about first. */
export function beginningOf(
  recorded: readonly RecordedInput[],
): Required<Pick<Shared, 'definitions' | 'clients' | 'inputs'>> {
  let definitions: Definitions | undefined;
  const clients: ClientSpec[] = [];
  for (const [i, input] of recorded.entries()) {
    const hasBegun = input.at > 0 || input.place > 0;
    const declared = hasBegun || definitions !== undefined ? undefined : declaredBy(input);
    if (declared !== undefined && clients.length === 0) definitions = declared;
    else if (!hasBegun && isFirstStart(input, clients)) clients.push(input.client);
    // The disk was waited for, as it will be again.
    else if (hasBegun || input.does !== 'settle') {
      return { definitions: definitions ?? {}, clients, inputs: recorded.slice(i) };
    }
  }
  return { definitions: definitions ?? {}, clients, inputs: [] };
}

/** What a scenario has, and nothing else, such as users and policies. */
function declaredBy(input: RecordedInput): Definitions | undefined {
  if (input.does !== 'call' || input.path !== '/api/definitions') return undefined;
  const known: readonly string[] = parts;
  const body = input.body ?? {};
  return Object.keys(body).every((key) => known.includes(key)) ? body as Definitions : undefined;
}

function isFirstStart(
  input: RecordedInput, clients: readonly ClientSpec[],
): input is Extract<RecordedInput, { does: 'start' }> {
  return input.does === 'start' && clients.every(({ name }) => name !== input.client.name);
}
