// Random Markdown documents, rendered for Telegram, read by Telegram's own parser (TDLib, without a
// network): node check.mjs COMPOSE [COUNT] [SEED]. COMPOSE is the program of tests/support/compose.cc.
// Exits 0 when each message is taken, with its limits and no entity a model may not make.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tdl from "tdl";

const [, , compose, count = "500", seed = "1"] = process.argv;
const MOST_ENTITIES = 100, MOST_UNITS = 4096;
const ALLOWED = new Set(["Bold", "Italic", "Strikethrough", "Code", "Pre", "PreCode", "TextUrl", "Url", "EmailAddress", "BlockQuote"]
  .map(name => "textEntityType" + name));

// Numbers that are the same on each run (mulberry32).
let state = Number(seed);
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const one = list => list[random(list.length)];
const many = (least, most, make, between = "") => Array.from({ length: least + random(most - least + 1) }, make).join(between);

const WORDS = ["word", "a", "数据", "注意：", "“重点”", "（可选）", "テスト。", "한국", "👨‍👩‍👧", "🇨🇳", "é̂", "5", "snake_case", "__init__", "C:\\dir", "x*y", "3~5",
  "<b>", "</b>", "<br>", "<at id=all>", "&amp;", "&", "<", ">", "\"", "@everyone", "@durov", "tg://user?id=1", "https://x.example/a?b=1&c=2", "a@b.example",
  "\\*", "\\_", "\\[", "\\(x_1\\)", "$a_b$", "[^1]", "![](y)", "**", "*", "_", "`", "~~", "||", "\u200b", "\u202e", "#tag", "/start", "12:30"];
const words = () => many(1, 8, () => one(WORDS), one([" ", "", " "]));
const span = depth => one([
  words, words,
  () => `**${inline(depth + 1)}**`, () => `*${inline(depth + 1)}*`, () => `__${inline(depth + 1)}__`, () => `~~${inline(depth + 1)}~~`, () => `***${words()}***`,
  () => "`" + words() + "`", () => "`` " + words() + " ` ``",
  () => `[${inline(depth + 1)}](${one(["https://x.example/a_(b)", "http://x.example/?q=\"<>", "docs/a.md", "tg://user?id=1", "javascript:x", "mailto:a@b.example", ""])})`,
])();
function inline(depth = 0) { return depth > 3 ? words() : many(1, 4, () => span(depth), one([" ", "", "，"])); }
const indented = (text, mark, rest) => text.split("\n").map((line, i) => (i === 0 ? mark : rest) + line).join("\n");
const block = depth => one([
  inline, inline, () => many(1, 4, inline, "\n"), () => "#".repeat(1 + random(6)) + " " + inline(), () => inline() + "\n---", () => "***",
  () => many(1, 6, () => indented(depth > 3 ? inline() : document(depth + 1, 2), one(["- ", "1. ", "* "]), "   "), "\n"),
  () => indented(depth > 3 ? inline() : document(depth + 1, 3), "> ", "> "),
  () => "```" + one(["", "python", "c++", "x\"<"]) + "\n" + many(0, 5, words, "\n") + "\n```",
  () => "~~~~\n```\n" + words() + "\n```\n~~~~",
  () => "| " + many(2, 2, inline, " | ") + " |\n|---|:-:|\n" + many(1, 5, () => "| " + many(1, 3, inline, " | ") + " |", "\n"),
  () => "<details>\n<summary>" + words() + "</summary>\n" + words() + "\n</details>",
  () => "\\[\n" + words() + "\n\\]",
])();
function document(depth = 0, most = 8) { return many(1, most, () => block(depth), one(["\n\n", "\n"])); }
// Some are too long for a message, in text or in marks.
const whole = () => one([document, document, () => many(5, 60, () => document(), "\n\n"), () => many(100, 400, inline, " "), () => many(50, 300, () => "- " + inline(), "\n")])();

const documents = Array.from({ length: Number(count) }, () => whole().replaceAll("\0", ""));
const composed = spawnSync(compose, ["telegram"], { input: documents.map(text => text + "\0").join(""), maxBuffer: 1 << 30 });
if (composed.status !== 0) throw new Error(`${compose}: ${composed.error ?? composed.stderr}`);
const answers = composed.stdout.toString().split("\n").filter(Boolean).map(line => JSON.parse(line));
if (answers.length !== documents.length) throw new Error(`${answers.length} answers to ${documents.length} documents`);

const library = fileURLToPath(new URL("node_modules/@prebuilt-tdlib/linux-x64-glibc/libtdjson.so", import.meta.url));
tdl.configure({ tdjson: library, verbosityLevel: 0 });
function faultOf(html) {
  const parsed = tdl.execute({ _: "parseTextEntities", text: html, parse_mode: { _: "textParseModeHTML" } });
  if (parsed._ === "error") return parsed.message;
  if (parsed.entities.length > MOST_ENTITIES) return `${parsed.entities.length} entities`;
  if (parsed.text.length > MOST_UNITS) return `${parsed.text.length} units`;
  if (parsed.text.trim() === "") return "no text";
  const foreign = parsed.entities.find(entity => !ALLOWED.has(entity.type._));
  return foreign ? `an entity of type ${foreign.type._}` : null;
}
let messages = 0, faults = 0;
answers.forEach((texts, i) => texts.forEach(html => {
  messages += 1;
  const fault = faultOf(html);
  if (fault === null) return;
  faults += 1;
  if (faults <= 3) console.error(`document ${i} of seed ${seed}: ${fault}\n${documents[i].slice(0, 2000)}\nbecame\n${html.slice(0, 4000)}\n`);
}));
console.log(`${documents.length} documents, ${messages} messages, ${faults} faults`);
process.exit(faults === 0 && messages >= documents.length ? 0 : 1);
