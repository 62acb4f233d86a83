// grammY against the simulator: node grammy.mjs BASE TOKEN. Polls, and answers each message.
import { Bot } from "grammy";

const bot = new Bot(process.argv[3], { client: { apiRoot: process.argv[2] } });
bot.on("message:text", async (context) => {
  await context.replyWithChatAction("typing");
  const reply = await context.reply(`<b>echo</b> ${context.message.text}`, {
    parse_mode: "HTML",
    reply_parameters: { message_id: context.message.message_id },
  });
  await context.api.editMessageText(context.chat.id, reply.message_id, `echo ${context.message.text}, edited`);
});
process.stdin.resume().on("end", () => bot.stop());
await bot.api.setMyCommands([{ command: "help", description: "What I can do" }]);
await bot.start({ onStart: () => console.log("ready") });
