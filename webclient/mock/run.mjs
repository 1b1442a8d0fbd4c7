// npm run mock [-- PORT]: the built client on http://127.0.0.1:8090 with a broker and a display that have no machines
// behind them. `npm run dev` proxies to it. Users: alice, admin, … (mock/broker.ts), password "correct horse".
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const assets = fileURLToPath(new URL('../target/classes/oriel/webclient', import.meta.url));
const { module } = await runnerImport(fileURLToPath(new URL('server.ts', import.meta.url)));
const { url } = await module.serve(assets, Number(process.argv[2] ?? 8090));
console.log(url);
