// @slack/web-api and @slack/socket-mode against the simulator: node slack.mjs BASE BOT_TOKEN APP_TOKEN.
import { SocketModeClient } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";

const slackApiUrl = process.argv[2] + "/api/";
const web = new WebClient(process.argv[3], { slackApiUrl });
const socket = new SocketModeClient({ appToken: process.argv[4], clientOptions: { slackApiUrl } });
const self = await web.auth.test();
socket.on("message", async ({ event, ack }) => {
  await ack();
  const file = await web.files.info({ file: event.files[0].id });
  const text = `echo ${event.text} of ${file.file.id} by ${self.user_id}`;
  const posted = await web.chat.postMessage({ channel: event.channel, thread_ts: event.ts, text, unfurl_links: false });
  await web.chat.update({ channel: event.channel, ts: posted.ts, text: `${text}, edited` });
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "in blocks" } }];
  await web.chat.postMessage({ channel: event.channel, text: "in blocks", blocks });
});
process.stdin.resume().on("end", () => socket.disconnect());
await socket.start();
console.log("ready");
