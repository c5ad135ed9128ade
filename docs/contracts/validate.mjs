// Has AsyncAPI's own parser judge a document: node validate.mjs FILE. Exit code 1 for errors and warnings.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const warning = 1;
const { diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'));
for (const { code, path, message } of diagnostics) console.log(`${path.join('.')}: ${message} (${code})`);
process.exit(diagnostics.some(({ severity }) => severity <= warning) ? 1 : 0);
