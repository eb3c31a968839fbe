import * as v from 'valibot';
import { Raw } from './answer.ts';
import type { Schema } from './body.ts';
import { get, stream, type Described, type Route } from './route.ts';

/** What the API says of itself: made of the routes, so that it cannot differ from them. */

type Json = Readonly<Record<string, unknown>>;
type ToJsonSchema = (schema: Schema) => Json;

/** Parameters that every list has. */
const listQuery = {
  columns: 'keys to show, with commas between them; a dot leads into an object',
  sort: 'key to sort by', sort_reverse: 'true: the other way round',
  page: 'number of a page, from 1', page_size: 'items of a page, up to 500',
  name: 'with page: part of a name', use_regex: 'true: name is a regular expression',
  disable_stats: 'true: no statistics', enable_queue_totals: 'true: with numbers of messages',
};

/** The routes that describe all of them, themselves included. */
export function openApiRoutes(others: readonly Route[]): readonly Route[] {
  const routes: Route[] = [...others];
  routes.push(
    get('/api/openapi.json', 'open', {
      says: 'This description, as OpenAPI 3.1', answers: v.record(v.string(), v.unknown()),
    }, async ({ broker }) => describe(routes, broker.options.version)),
    stream('/api/index.html', 'open', {
      says: 'A page that lists all paths', mediaType: 'text/html',
    }, () => new Raw(pageOf(routes), { 'content-type': 'text/html; charset=utf-8' })),
  );
  return routes.slice(others.length);
}

async function describe(routes: readonly Route[], version: string): Promise<Json> {
  // Only who reads the description pays for what makes it.
  const { toJsonSchema } = await import('@valibot/to-json-schema');
  const toJson: ToJsonSchema = (schema) => {
    const { $schema: _dialect, ...json } = toJsonSchema(schema, {
      errorMode: 'ignore', typeMode: 'input',
    });
    return json;
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, toJson) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'TabMQ management', version },
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' }, bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function operationOf(route: Route, toJson: ToJsonSchema): Json {
  const { path, says, access, query, body, answers, method } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const all = answers.kind === 'list' ? { ...listQuery, ...query } : query;
  const text = { type: 'string' };
  return {
    summary: says,
    ...(access !== 'open' && { security: [{ basic: [] }, { bearer: [] }] }),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: text })),
      ...Object.entries(all).map(([name, description]) => (
        { name, in: 'query', description, schema: text })),
    ],
    ...(body !== undefined && {
      requestBody: { content: { 'application/json': { schema: toJson(body) } } },
    }),
    responses: {
      ...(answers.kind === 'none'
        ? { [method === 'PUT' ? '201' : '204']: { description: 'It is done' } }
        : { 200: { description: says, content: contentOf(answers, toJson) } }),
      default: { description: 'Refused: an object with error and reason' },
    },
  };
}

function contentOf(answers: Described, toJson: ToJsonSchema): Json {
  if (answers.kind === 'stream') return { [answers.mediaType]: {} };
  return { 'application/json': { schema: schemaOf(answers, toJson) } };
}

function schemaOf(answers: Described, toJson: ToJsonSchema): Json {
  if (answers.kind === 'value') return toJson(answers.schema);
  if (answers.kind !== 'list' && answers.kind !== 'single') return {};
  const columns = Object.entries(answers.table.columns);
  const item = {
    type: 'object',
    properties: Object.fromEntries(columns.map(([name, { schema }]) => [name, toJson(schema)])),
  };
  return answers.kind === 'single' ? item : { type: 'array', items: item };
}

function pageOf(routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, says, access }) => (
    `<tr><td>${method}</td><td><code>${path}</code></td><td>${says}</td><td>${access}</td></tr>`));
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>TabMQ management API</title>',
    '<h1>TabMQ management API</h1><p><a href="/api/openapi.json">OpenAPI description</a></p>',
    '<table><thead><tr><th>Method</th><th>Path</th><th>What it does</th><th>For</th></tr></thead>',
    `<tbody>${rows.join('\n')}</tbody></table></html>`,
  ].join('\n');
}
