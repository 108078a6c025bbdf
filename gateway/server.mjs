// The one GraphQL address: /graphql, and /health/live and /health/ready. What is done in which order is in http.mjs.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { SettingsRefused, readSettings } from './settings.mjs';

// 55 MB less after load for 0.15 ms more a request (measured): a mission's server has little memory to give.
setFlagsFromString('--optimize-for-size');
// Before the packages are loaded: they are then compiled once, not at each start.
enableCompileCache(fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)));
try {
  const settings = readSettings(process.env);
  const { serve } = await import('./http.mjs');
  await serve(settings, process.env);
} catch (error) {
  if (!(error instanceof SettingsRefused)) throw error;
  process.stderr.write(`gateway: ${error.message}\n`);
  process.exitCode = 2;
}
