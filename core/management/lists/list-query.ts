import { compilePattern } from '../../broker/definition/pattern.ts';
import { limits } from '../../limits.ts';
import { ApiError, badRequest } from '../api-error.ts';
import { chosenColumns, type Chosen } from './chosen-columns.ts';
import { linearPattern, type NamePattern } from './linear-pattern.ts';

/** How a list is asked for. */
export interface ListQuery {
  readonly chosen: Chosen;
  /** The path of a key, by which is sorted; undefined: as things stand in the broker. */
  readonly sort: readonly string[] | undefined;
  readonly reversed: boolean;
  readonly page: PageQuery | undefined;
  readonly withoutStatistics: boolean;
  readonly withTotals: boolean;
}

/** A part of a list; its parts are numbered from 1. */
export interface PageQuery {
  readonly number: number;
  readonly size: number;
  readonly matches: ((name: string) => boolean) | undefined;
}

const PAGE_SIZE = 100;

/** Errors: 400 where a page is none. */
export function listQueryOf(query: URLSearchParams): ListQuery {
  const sort = query.get('sort') ?? '';
  return {
    chosen: chosenColumns(query),
    sort: sort === '' ? undefined : sort.split('.'),
    reversed: query.get('sort_reverse') === 'true',
    page: pageQueryOf(query),
    withoutStatistics: query.get('disable_stats') === 'true',
    withTotals: query.get('enable_queue_totals') === 'true',
  };
}

function pageQueryOf(query: URLSearchParams): PageQuery | undefined {
  const page = query.get('page');
  if (page === null) return undefined;
  const size = query.get('page_size');
  const number = numberOf(page);
  const sizeNumber = size === null ? PAGE_SIZE : numberOf(size);
  if (number < 1 || sizeNumber < 1 || sizeNumber > limits.pageItemsMax) {
    throw new ApiError(400, 'invalid_pagination_parameters',
      `Invalid pagination parameters: page number ${number}, page size ${size ?? 'undefined'}`);
  }
  return { number, size: sizeNumber, matches: matcherOf(query) };
}

function numberOf(given: string): number {
  if (/^-?\d{1,15}$/.test(given)) return Number(given);
  throw badRequest(INVALID);
}

const INVALID = 'Pagination parameters are invalid';

function matcherOf(query: URLSearchParams): PageQuery['matches'] {
  const given = query.get('name') ?? '';
  if (given === '') return undefined;
  if (query.get('use_regex') !== 'true') {
    const part = given.toLowerCase();
    return (name) => name.toLowerCase().includes(part);
  }
  const pattern = patternOf(given);
  return (name) => pattern.test(name);
}

/** Whoever may look at a list may give any pattern, so none is tried by JavaScript's engine. */
function patternOf(given: string): NamePattern {
  try {
    const { source, flags } = compilePattern(given);
    return linearPattern(source, flags.includes('i') ? flags : `${flags}i`);
  } catch {
    throw badRequest(INVALID);
  }
}
