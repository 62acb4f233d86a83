// discord.js against the simulator: node discord.mjs BASE TOKEN. Answers each message that mentions it.
import { Client, Events, GatewayIntentBits, Partials } from "discord.js";

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages, GatewayIntentBits.MessageContent],
  partials: [Partials.Channel],
  rest: { api: process.argv[2] + "/api" },
});
client.on(Events.MessageCreate, async (message) => {
  if (message.author.id === client.user.id) return;
  await message.channel.sendTyping();
  const reply = await message.reply(`echo ${message.content}`);
  await reply.edit(`${reply.content}, edited`);
});
client.once(Events.ClientReady, () => console.log("ready"));
process.stdin.resume().on("end", () => client.destroy());
await client.login(process.argv[3]);
