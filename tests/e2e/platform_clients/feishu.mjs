// @larksuiteoapi/node-sdk, WSClient and Client, against the simulator: node feishu.mjs BASE APP_ID APP_SECRET.
import * as lark from "@larksuiteoapi/node-sdk";

const app = { appId: process.argv[3], appSecret: process.argv[4], domain: process.argv[2], loggerLevel: lark.LoggerLevel.error };
const client = new lark.Client(app);
const card = (content) => JSON.stringify({ schema: "2.0", body: { elements: [{ tag: "markdown", content }] } });
const eventDispatcher = new lark.EventDispatcher({}).register({
  "im.message.receive_v1": async ({ message, sender }) => {
    const text = JSON.parse(message.content).text;
    const reply = await client.im.message.reply({
      path: { message_id: message.message_id },
      data: { msg_type: "interactive", content: card(`echo ${text}`), uuid: "key-1" },
    });
    await client.im.message.patch({ path: { message_id: reply.data.message_id }, data: { content: card(`echo ${text}, edited`) } });
    await client.im.message.create({
      params: { receive_id_type: "open_id" },
      data: { receive_id: sender.sender_id.open_id, msg_type: "text", content: JSON.stringify({ text: "to the person" }) },
    });
    const post = { zh_cn: { title: "", content: [[{ tag: "text", text: "a post" }]] } };
    await client.im.message.create({
      params: { receive_id_type: "chat_id" },
      data: { receive_id: message.chat_id, msg_type: "post", content: JSON.stringify(post) },
    });
  },
});
const socket = new lark.WSClient({ ...app, onReady: () => console.log("ready") });
process.stdin.resume().on("end", () => process.exit());
await socket.start({ eventDispatcher });
