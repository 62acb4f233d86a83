// Talks to ai_bot with the official openai client: node check.mjs BASE_URL. Exits 0 when all is as it says.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused", maxRetries: 0 });
const question = [{ role: "user", content: "What is ai_bot?" }];

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.deepEqual(models, ["guide", "plain"]);

const whole = await client.chat.completions.create({ model: "ai_bot", messages: question, temperature: 0 });
assert.equal(whole.object, "chat.completion");
assert.equal(whole.choices[0].message.role, "assistant");
assert.match(whole.choices[0].message.content, /ai_bot/);
assert.equal(whole.choices[0].finish_reason, "stop");
assert.ok(whole.usage.prompt_tokens > 0);
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);

let text = "", pieces = 0, usage = null, finish = null;
const stream = await client.chat.completions.create({
  model: "guide", messages: question, temperature: 0, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  assert.equal(chunk.object, "chat.completion.chunk");
  if (chunk.usage) usage = chunk.usage;
  for (const choice of chunk.choices) {
    if (choice.delta.content) { text += choice.delta.content; pieces += 1; }
    if (choice.finish_reason) finish = choice.finish_reason;
  }
}
assert.equal(text, whole.choices[0].message.content);
assert.ok(pieces > 3, "it comes in pieces");
assert.equal(finish, "stop");
assert.ok(usage.completion_tokens > 0);

const helper = client.chat.completions.stream({ model: "guide", messages: question, temperature: 0 });
assert.equal(await helper.finalContent(), text);

const cut = await client.chat.completions.create({ model: "guide", messages: question, max_tokens: 2 });
assert.equal(cut.choices[0].finish_reason, "length");

await assert.rejects(client.chat.completions.create({ model: "nobody", messages: question }), (error) => {
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.match(error.message, /no model or tier is called 'nobody'; known: guide, plain/);
  return true;
});
await assert.rejects(client.chat.completions.create({ model: "guide", messages: [] }), OpenAI.BadRequestError);
await assert.rejects(
  client.chat.completions.create({ model: "plain", messages: [{ role: "user", content: "word ".repeat(5000) }] }),
  (error) => error instanceof OpenAI.BadRequestError && error.code === "context_length_exceeded");

const conversation = { headers: { "X-Ai-Bot-Conversation": "from-node" } };
const help = await client.chat.completions.create({ model: "ai_bot", messages: [{ role: "user", content: "/help" }] }, conversation);
assert.match(help.choices[0].message.content, /^\/help/);
const turn = await client.chat.completions.create({ model: "ai_bot", messages: question, stream: true }, conversation);
let said = "";
for await (const chunk of turn) said += chunk.choices[0]?.delta.content ?? "";
assert.match(said, /ai_bot/);
console.log("all good");
