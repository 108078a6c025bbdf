// GraphiQL as one page without outside addresses. Its source is 9 MB of script: a process of its own renders and
// compresses it on first use, and takes that memory with it when it ends.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(import.meta.url);
const PAGE_MAX_BYTES = 16_777_216;

const DEFAULT_QUERY = `# Lichen: ask all services at one address.
#
# Ctrl+Enter runs it, Ctrl+Space completes names. The book: the schema.
# Without a token you see what is published. To sign in, write into
# "Headers" below:  { "authorization": "Bearer <token>" }

query Locations {
  locations(first: 10) {
    edges {
      node {
        id
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

// Nothing is fetched from anywhere but this gateway, whatever the page's script would like.
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-encoding': 'gzip',
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

let page;

/** The page, compressed. */
export function explorerPage() {
  page ??= promisify(execFile)(process.execPath, [here], { encoding: 'buffer', maxBuffer: PAGE_MAX_BYTES }).then(
    ({ stdout }) => stdout,
    (error) => {
      page = undefined;
      throw error;
    },
  );
  return page;
}

if (process.argv[1] === here) {
  const [{ renderGraphiQL }, { gzipSync }] = await Promise.all([import('@graphql-yoga/render-graphiql'), import('node:zlib')]);
  const html = renderGraphiQL({
    title: 'Lichen explorer',
    defaultQuery: DEFAULT_QUERY,
    endpoint: '/graphql',
    headers: '{}',
    subscriptionsProtocol: 'WS',
    editorTheme: 'light',
  });
  process.stdout.write(gzipSync(html));
}
