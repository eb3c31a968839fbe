import { Broker } from '../broker/broker.ts';
import { SettingError } from '../broker/definition/setting-error.ts';
import { work } from '../broker/turn/work.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { AmqpError } from '../errors.ts';
import { limits } from '../limits.ts';
import { exportDefinitions } from './definitions.ts';
import { definedParts, type DefinedPart } from './defined-parts.ts';
import { tableOf, type Item } from './fields.ts';
import type { Breathe } from './lists/list.ts';

/** What became of one item of an import. */
export interface ImportedItem {
  /** `user`, `vhost`, `queue` and the like, or the name of a part that is not taken. */
  readonly kind: string;
  readonly vhost: string;
  readonly name: string;
  /**
   * `created`; `same`: it was there like this; `changed`: it was there and is like this now;
   * `different`: it is there otherwise, and stays so; `skipped`: there is no place for it here;
   * `refused`: it cannot be.
   */
  readonly outcome: 'created' | 'same' | 'changed' | 'different' | 'skipped' | 'refused';
  /** Why it is not as it says; '' where it is. */
  readonly text: string;
}

/** Whether the broker has it as the definitions say. */
export function isTaken({ outcome }: ImportedItem): boolean {
  return outcome === 'created' || outcome === 'same' || outcome === 'changed';
}

/** What became of an item, with the error where there was one. */
export interface ImportStep {
  readonly item: ImportedItem;
  readonly error: unknown;
}

/**
 * Declares what a definitions file holds, each item on its own: one that is refused does not stop
 * the others. What the broker has no place for is reported as such. Throws a TypeError where the
 * value is no definitions at all.
 */
export function importDefinitions(broker: Broker, value: unknown): ImportedItem[] {
  return declareDefinitions(broker, checkedDefinitions(value));
}

/** The same over as many turns as it takes, so that nobody waits for a long file. */
export async function importInTurns(broker: Broker, value: unknown): Promise<ImportedItem[]> {
  const steps = await declareInTurns(broker, checkedDefinitions(value));
  return steps.map(({ item }) => item);
}

/** The definitions, where they are any; else throws a TypeError. */
function checkedDefinitions(value: unknown): Item {
  const file = tableOf(value, 'the definitions');
  const parts = Object.entries(file).filter(([, part]) => Array.isArray(part));
  const count = parts.reduce((sum, [, part]) => sum + (part as unknown[]).length, 0);
  if (count > limits.importItemsMax) {
    throw new TypeError(`the definitions have ${count} items, and ${limits.importItemsMax} may be`);
  }
  if (!Object.keys(definedParts).some((part) => part in file)) {
    throw new TypeError(`the definitions have none of ${Object.keys(definedParts).join(', ')}`);
  }
  checkParts(file);
  return file;
}

/** A part that is none is told of before anything is declared. */
export function checkParts(file: Item): void {
  const wrong = Object.keys(definedParts).find((part) => !Array.isArray(file[part] ?? []));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" must be a list`);
}

/** `importDefinitions` of a file that may have any number of items, also none. */
export function declareDefinitions(broker: Broker, file: Item): ImportedItem[] {
  return [...importSteps(broker, file)].map(({ item }) => item);
}

/** The same over as many turns as it takes. `vhost`: all of it goes there. */
export function declareInTurns(
  broker: Broker, file: Item, vhost?: string,
): Promise<readonly ImportStep[]> {
  const next = importSteps(broker, file, vhost)[Symbol.iterator]();
  const steps: ImportStep[] = [];
  return new Promise((resolve) => broker.turn.stepwise(() => {
    const { value: step, done } = next.next();
    if (done === true) return false;
    broker.turn.spend(work.definition);
    steps.push(step);
    return true;
  }, () => resolve(steps)));
}

/** The same on a broker that nobody else uses, while others have their turn. */
async function declareInSlices(
  broker: Broker, file: Item, breathe: Breathe, vhost?: string,
): Promise<readonly ImportStep[]> {
  const steps: ImportStep[] = [];
  for (const step of importSteps(broker, file, vhost)) {
    steps.push(step);
    if (steps.length % limits.listSliceItems === 0) await breathe();
  }
  return steps;
}

/** What an import would do, tried out on a broker in memory that has the same definitions. */
export async function tryDefinitions(
  broker: Broker, file: Item, breathe: Breathe, vhost?: string,
): Promise<readonly ImportStep[]> {
  const { compatibility } = broker.options;
  const copy = new Broker({ clock: new VirtualClock() }, {
    vhosts: [], makesGuest: false, ...(compatibility !== undefined && { compatibility }),
  });
  await declareInSlices(copy, { ...exportDefinitions(broker) }, breathe);
  return declareInSlices(copy, file, breathe, vhost);
}

/** `vhost`: whatever the items say, they go there, and what is of no virtual host is skipped. */
function* importSteps(broker: Broker, file: Item, vhost?: string): Iterable<ImportStep> {
  const others = Object.keys(file).filter((part) => !Object.hasOwn(definedParts, part));
  for (const name of [...Object.keys(definedParts), ...others]) {
    for (const value of listOf(file[name])) {
      yield importItem(broker, name, definedParts[name], value, vhost);
    }
  }
}

function importItem(
  broker: Broker, partName: string, part: DefinedPart | undefined, value: unknown,
  vhost: string | undefined,
): ImportStep {
  const at = { kind: part?.kind ?? partName, vhost: '', name: '' };
  const ended = (outcome: ImportedItem['outcome'], text = '', error?: unknown): ImportStep => (
    { item: { ...at, outcome, text }, error });
  try {
    const given = tableOf(value, `an item of ${partName}`);
    const item = vhost !== undefined && part?.isInVhost === true ? { ...given, vhost } : given;
    at.vhost = typeof item['vhost'] === 'string' ? item['vhost'] : '';
    if (part === undefined) {
      at.name = String(item['name'] ?? item['user'] ?? item['pattern'] ?? '');
      return ended('skipped', `${partName} are not kept here`);
    }
    at.name = part.nameOf(item);
    if (vhost !== undefined && !part.isInVhost) {
      return ended('skipped', `${partName} are of no virtual host`);
    }
    return applied(broker, part, item, ended);
  } catch (error) {
    return ended('refused', textOfError(error), error);
  }
}

function applied(
  broker: Broker, part: DefinedPart, item: Item,
  ended: (outcome: ImportedItem['outcome'], text?: string, error?: unknown) => ImportStep,
): ImportStep {
  const before = part.find(broker, item);
  try {
    broker.turn.within(() => part.apply(broker, item));
  } catch (error) {
    const isOther = before !== undefined && error instanceof AmqpError
      && error.replyName === 'PRECONDITION_FAILED';
    if (!isOther) throw error;
    return ended('different', textOfError(error), error);
  }
  if (before === undefined) return ended('created');
  const isSame = JSON.stringify(before) === JSON.stringify(part.find(broker, item));
  return ended(isSame ? 'same' : 'changed');
}

function textOfError(error: unknown): string {
  if (error instanceof AmqpError) return error.replyText;
  if (error instanceof SettingError || error instanceof TypeError) return error.message;
  throw error;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
