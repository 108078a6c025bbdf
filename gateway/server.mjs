// The one GraphQL address: /graphql, and /health/live and /health/ready. What is done in which order is answerTo().
import { enableCompileCache } from 'node:module';

// Before the packages are loaded: they are then compiled once, not at each start.
enableCompileCache();
const { serve } = await import('./http.mjs');
await serve(process.env);
