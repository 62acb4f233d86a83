// Events by @slack/bolt's HTTP receiver, as its guide shows: acknowledged, counted, not kept.
import bolt from '@slack/bolt';

const app = new bolt.App({
  receiver: new bolt.HTTPReceiver({ signingSecret: process.env.SECRET, endpoints: '/api/webhook/slack', processBeforeResponse: false, logLevel: 'error' }),
  authorize: async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'UBOT' }),
  logLevel: 'error',
});
let seen = 0;
app.message(async () => { seen += 1; });
await app.start({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => { console.log(seen); process.exit(0); });
