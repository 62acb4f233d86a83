// dingtalk-stream against the simulator: node dingtalk.mjs BASE CLIENT_ID CLIENT_SECRET. Its gateway's address is fixed;
// axios, by which it asks, is told where that is.
import axios from "axios";
import { DWClient, TOPIC_ROBOT } from "dingtalk-stream";

axios.interceptors.request.use((request) => {
  request.url = request.url.replace("https://api.dingtalk.com", process.argv[2]);
  return request;
});
const client = new DWClient({ clientId: process.argv[3], clientSecret: process.argv[4], keepAlive: true });
client.registerCallbackListener(TOPIC_ROBOT, async (frame) => {
  const message = JSON.parse(frame.data);
  const text = `echo ${message.text.content}`;
  await axios.post(message.sessionWebhook, { msgtype: "markdown", markdown: { title: "echo", text } });
  client.socketCallBackResponse(frame.headers.messageId, null);
});
process.stdin.resume().on("end", () => client.disconnect());
await client.connect();
console.log("ready");
