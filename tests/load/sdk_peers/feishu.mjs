// Events by Lark's adaptDefault, as its guide shows: decrypted, verified, acknowledged, not kept.
import http from 'node:http';
import lark from '@larksuiteoapi/node-sdk';

let seen = 0;
const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
const dispatcher = new lark.EventDispatcher({ encryptKey: process.env.SECRET, logger: quiet }).register({
  'im.message.receive_v1': async () => { seen += 1; return {}; },
});
http.createServer(lark.adaptDefault('/api/webhook/feishu', dispatcher)).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => { console.log(seen); process.exit(0); });
