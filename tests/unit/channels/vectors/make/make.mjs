// Makes the vectors of the platforms' channels: npm ci && node make.mjs
//
// Where a platform's SDK signs or encrypts, it made the bytes; where it only verifies, its verdict
// on every vector is compared with the one written here. Keys and randomness are fixed, so that the
// files only change when a vector does.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import lark from '@larksuiteoapi/node-sdk';
import * as wecom from '@wecom/crypto';
import bolt from '@slack/bolt';
import { verifyKey } from 'discord-interactions';

const NOW = 1767225600000; // 2026-01-01T00:00:00Z
const SECONDS = String(NOW / 1000);
const HERE = path.dirname(new URL(import.meta.url).pathname);

const refused = { error: 'unauthorized' };
const ignored = (outcome) => ({ outcome });
const handshake = (body, status = 200) => ({ outcome: 'handshake', status, body });
const event = (fields) => ({ event: fields });
const cannotRead = (zh, en) => `我看不懂这类消息（${zh}），请用文字发给我。\n\nI can't read this (${en}). Please send it as text.`;
const edited = (said) => '/edit:' + crypto.createHash('sha256').update(said).digest('hex').slice(0, 16);

function write(platform, config, vectors) {
  const names = new Set(vectors.map((v) => v.name));
  if (names.size !== vectors.length) throw new Error(`${platform}: a name is there twice`);
  fs.writeFileSync(path.join(HERE, '..', `${platform}.json`), JSON.stringify({ config, vectors }, null, 1) + '\n');
  console.log(platform, vectors.length);
}

function check(platform, vector, sdkAccepts) {
  const weAccept = vector.expected.error !== 'unauthorized';
  // What only we refuse (a replay, the wrong app) is said in the vector.
  if (sdkAccepts !== weAccept && !vector.stricter) throw new Error(`${platform}: ${vector.name}: the SDK says ${sdkAccepts}`);
}

// --- Slack -------------------------------------------------------------------------------------------------------
function slack() {
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const sign = (body, timestamp = SECONDS, key = secret) =>
    'v0=' + crypto.createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex');
  const vectors = [];
  const raw = (name, body, expected, { timestamp = SECONDS, signature, headers, stricter } = {}) => {
    const vector = {
      name, now_ms: NOW, body,
      headers: headers ?? { 'X-Slack-Request-Timestamp': timestamp, 'X-Slack-Signature': signature ?? sign(body, timestamp) },
      expected, ...(stricter && { stricter }),
    };
    let accepted = bolt.isValidSlackRequest({
      signingSecret: secret, body, nowMilliseconds: NOW,
      headers: {
        'x-slack-signature': vector.headers['X-Slack-Signature'] ?? '',
        'x-slack-request-timestamp': Number(vector.headers['X-Slack-Request-Timestamp']),
      },
    });
    check('slack', vector, accepted);
    vectors.push(vector);
  };
  const callback = (fields, envelope = {}) => JSON.stringify({
    token: 'z', team_id: 'T1', api_app_id: 'A1', type: 'event_callback', event_id: 'Ev1', event_time: 1767225600,
    authorizations: [{ team_id: 'T1', user_id: 'UBOT', is_bot: true }], event: fields, ...envelope,
  });
  const message = (fields) => callback({ type: 'message', channel: 'C1', user: 'U1', ts: '1767225600.000100', channel_type: 'channel', ...fields });
  const direct = (fields) => message({ channel: 'D1', channel_type: 'im', ...fields });
  const inChannel = { event_id: '1767225600.000100:C1', conversation: 'C1/1767225600.000100', sender: 'U1',
    address: { channel: 'C1', thread_ts: '1767225600.000100', user: 'U1' } };
  const group = { ...inChannel, album: '1767225600.000100' };
  const alone = { event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', address: { channel: 'D1' } };

  raw('a url verification', JSON.stringify({ token: 'z', challenge: '3eZbrw1aB', type: 'url_verification' }), handshake('3eZbrw1aB'));
  raw('a direct message', direct({ text: 'hello there' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: 'hello there', address: { channel: 'D1' } }));
  raw('Chinese and emoji', direct({ text: '你好 :wave: 👋' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: '你好 :wave: 👋', address: { channel: 'D1' } }));
  raw('a mention', callback({ type: 'app_mention', channel: 'C1', user: 'U1', ts: '1767225600.000100', text: '<@UBOT> what is new?' }),
    event({ ...group, text: 'what is new?' }));
  raw('the same mention as a message', message({ text: '<@UBOT> what is new?' }), event({ ...group, text: 'what is new?' }));
  raw('a message in a group that is not for the bot', message({ text: 'lunch?' }), ignored('not_addressed'));
  raw('a message that mentions somebody else', message({ text: '<@U2> lunch?' }), ignored('not_addressed'));
  raw('a message that mentions somebody whose id begins with the bot\'s', message({ text: '<@UBOT2> lunch?' }), ignored('not_addressed'));
  raw('what is escaped twice stays escaped once', direct({ text: '&amp;lt;!here&amp;gt; &amp;amp;' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: '&lt;!here&gt; &amp;', address: { channel: 'D1' } }));
  raw('a mention in a thread', message({ text: '<@UBOT> and then?', ts: '1767225600.000200', thread_ts: '1767225600.000100' }),
    event({ ...group, event_id: '1767225600.000200:C1', album: '1767225600.000200', text: 'and then?' }));
  raw('a reply to the bot in a thread', message({ text: 'and then?', ts: '1767225600.000200', thread_ts: '1767225600.000100', parent_user_id: 'UBOT' }),
    event({ ...inChannel, event_id: '1767225600.000200:C1', text: 'and then?' }));
  raw('entities, links and other people', direct({ text: 'a &lt; b &amp;&amp; c &gt; d <@U2|anna> <#C2|general> <https://x.example/a|the page> <https://y.example> <!here>' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', address: { channel: 'D1' },
      text: 'a < b && c > d @anna #general the page (https://x.example/a) https://y.example @here' }));
  raw('a link that is not closed', direct({ text: 'x <https://y' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: 'x <https://y', address: { channel: 'D1' } }));
  raw('a file', direct({ text: 'look', subtype: 'file_share', files: [{ id: 'F1', name: 'report.pdf', mimetype: 'application/pdf', size: 1234 }] }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: 'look\n[file: report.pdf]', address: { channel: 'D1' },
      attachments: [['F1', 'report.pdf', 'file', 1234]] }));
  raw('an image alone', direct({ text: '', subtype: 'file_share', files: [{ id: 'F2', name: '图.png', mimetype: 'image/png', size: 9 }] }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: '[image: 图.png]', address: { channel: 'D1' },
      attachments: [['F2', '图.png', 'image', 9]] }));
  raw("the bot's own message", direct({ text: 'hi', user: 'UBOT' }), ignored('bot_message'));
  raw("another bot's message", direct({ text: 'hi', bot_id: 'B9' }), ignored('bot_message'));
  raw('a bot_message', direct({ text: 'hi', subtype: 'bot_message', user: undefined }), ignored('bot_message'));
  raw('a changed message without an edit', direct({ subtype: 'message_changed', message: { text: 'x' } }), ignored('unknown'));
  raw('a deleted message', direct({ subtype: 'message_deleted' }), ignored('unknown'));
  raw('an empty message', direct({ text: '  ' }), ignored('empty'));
  // Who is meant.
  const who = (...list) => ({ authorizations: list.map(([user_id, is_bot]) => ({ team_id: 'T1', user_id, is_bot })) });
  const asked = { type: 'message', channel: 'C1', user: 'U1', ts: '1767225600.000100', channel_type: 'channel' };
  raw('the bot is the second who may see it', callback({ ...asked, text: '<@UBOT> hi' }, who(['U1', false], ['UBOT', true])), event({ ...group, text: 'hi' }));
  raw('whoever installed the app writes', callback({ ...asked, channel: 'D1', channel_type: 'im', text: 'hi' }, who(['U1', false])), event({ ...alone, text: 'hi' }));
  raw('a mention where only a person may see it', callback({ ...asked, type: 'app_mention', text: '<@UBOT> hi' }, who(['U9', false])), event({ ...group, text: '@UBOT hi' }));
  raw('its message', callback({ ...asked, text: '<@UBOT> hi' }, who(['U9', false])), event({ ...group, text: '@UBOT hi', only_joins: true }));
  raw('a mention in code', message({ text: 'write `<@UBOT>` to mention it' }), ignored('not_addressed'));
  raw('a mention in a block of code', message({ text: '```\n<@UBOT> hi\n```' }), ignored('not_addressed'));
  raw('a mention in code that Slack takes for one', callback({ ...asked, type: 'app_mention', text: 'write `<@UBOT>`' }), ignored('not_addressed'));
  raw('a mention behind code', message({ text: 'why `<@UBOT>` <@UBOT|helper>?' }), event({ ...group, text: 'why `<@UBOT>` ?' }));
  raw('a backtick that begins no code', message({ text: 'the ` key, <@UBOT>\n` too' }), event({ ...group, text: 'the ` key, \n` too' }));

  // Words.
  raw('special mentions', direct({ text: '<!channel> <!everyone|everyone> <!subteam^S1|@design> <!subteam^S2> <!date^1767225600^{date}^https://x.example|1 January>' }),
    event({ ...alone, text: '@channel @everyone @design @S2 1 January' }));
  raw('what Slack itself made a link of', direct({ text: '<http://a.example|a.example> <mailto:jo@a.example|jo@a.example> <tel:+4930|+4930> <https://a.example/?a=1&amp;b=2>' }),
    event({ ...alone, text: 'a.example jo@a.example +4930 https://a.example/?a=1&b=2' }));
  raw('a link in code', direct({ text: '`curl <https://a.example|a.example>` `<#C1>`' }), event({ ...alone, text: '`curl a.example` `<#C1>`' }));
  raw('a channel without a name', direct({ text: '<#C2> <#C3|> <@U2>' }), event({ ...alone, text: '#C2 #C3 @U2' }));
  raw('half an emoji', direct({ text: 'TEXT' }).replace('TEXT', 'hello \\ud83d there'), event({ ...alone, text: 'hello \ufffd there' }));
  raw('/me', direct({ subtype: 'me_message', text: 'asks what time it is' }), event({ ...alone, text: 'asks what time it is' }));
  raw('a reply that goes to the channel too', message({ subtype: 'thread_broadcast', ts: '1767225600.000200', thread_ts: '1767225600.000100', text: '<@UBOT> and now?', root: { user: 'U3', text: 'The build is red', ts: '1767225600.000100' } }),
    event({ ...group, event_id: '1767225600.000200:C1', album: '1767225600.000200', text: 'and now?\n\n[quoted]\n> The build is red' }));
  const rich = (...elements) => [{ type: 'rich_text', elements }];
  const section = (...elements) => ({ type: 'rich_text_section', elements });
  const words = (text, style) => ({ type: 'text', text, ...(style && { style }) });
  raw('only blocks', direct({ text: '', blocks: rich(section(words('see <b> '), { type: 'link', url: 'https://a.example/x|y', text: 'this' }, words(' & '), { type: 'user', user_id: 'U2' }, { type: 'emoji', name: 'wave' }, { type: 'broadcast', range: 'here' }, { type: 'usergroup', usergroup_id: 'S1' }, { type: 'channel', channel_id: 'C2' }, { type: 'date', timestamp: 1, fallback: 'May' })) }),
    event({ ...alone, text: 'see <b> y|this (https://a.example/x) & @U2:wave:@here@S1#C2May' }));
  raw('only blocks that mention the bot', message({ text: '', blocks: rich(section({ type: 'user', user_id: 'UBOT' }, words(' hi'))) }), event({ ...group, text: 'hi' }));
  raw('only blocks that write a mention in code', message({ text: '', blocks: rich(section(words('<@UBOT>', { code: true }))) }), ignored('not_addressed'));
  raw('a list, code and a quotation in blocks', direct({ text: '', blocks: rich({ type: 'rich_text_list', style: 'ordered', elements: [section(words('one')), section(words('two'))] }, { type: 'rich_text_list', style: 'bullet', indent: 1, elements: [section(words('dot'))] },
    { type: 'rich_text_preformatted', elements: [words('int a;')] }, { type: 'rich_text_quote', elements: [words('so\nit is')] }) }),
    event({ ...alone, text: '1. one\n2. two\n  • dot\n```\nint a;\n```\n> so\n> it is' }));
  raw('an app\'s blocks', direct({ text: '', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'Report <1>' } }, { type: 'section', text: { type: 'mrkdwn', text: '*Red* <https://a.example|a>' }, fields: [{ type: 'mrkdwn', text: 'a' }, 7] }, { type: 'divider' },
    { type: 'image', alt_text: 'a chart', image_url: 'https://a.example/c.png' }, { type: 'context', elements: [{ type: 'plain_text', text: 'now' }] }, { type: 'table', rows: [[{ type: 'raw_text', text: 'a' }, { type: 'raw_text', text: 'b' }]] }, { type: 'markdown', text: '# x' }, 'odd'] }),
    event({ ...alone, text: 'Report <1>\n*Red* a (https://a.example)\na\n[image: a chart]\nnow\na | b\n# x' }));
  raw('a kind of block nobody knows', direct({ text: '', blocks: [{ type: 'hologram', shape: [] }] }), event({ ...alone, text: '', fixed_answer: cannotRead('未知类型的消息', 'a kind of message I do not know') }));
  raw('odd blocks', direct({ text: '', blocks: [{ type: 'rich_text', elements: [7, { type: 'rich_text_list', elements: 'x', indent: -3 }, section(words(5), 'x', { type: 'user' })] }] }), event({ ...alone, text: '@' }));

  // What is shared.
  const jo = { author_name: 'Jo', channel_id: 'C9', ts: '1767000000.000100', is_share: true, is_msg_unfurl: true };
  raw('a shared message', direct({ text: 'what now?', attachments: [{ ...jo, text: 'The contract <https://a.example|ends> in *May*', fallback: 'x' }] }),
    event({ ...alone, text: 'what now?\n\n[quoted from Jo]\n> The contract ends (https://a.example) in *May*' }));
  raw('a shared message and nothing else', direct({ text: '', attachments: [{ ...jo, text: 'Two\nlines' }] }), event({ ...alone, text: '[quoted from Jo]\n> Two\n> lines' }));
  raw('a shared message of blocks', direct({ text: '', attachments: [{ ...jo, text: '', message_blocks: [{ team: 'T1', message: { blocks: rich(section(words('in blocks'))) } }] }] }), event({ ...alone, text: '[quoted from Jo]\n> in blocks' }));
  raw('a shared message with a file', direct({ text: 'read', attachments: [{ ...jo, text: '', fallback: '[no preview available]', files: [{ id: 'F3', name: 'a.txt', mimetype: 'text/plain', size: 3 }] }] }),
    event({ ...alone, text: 'read\n[file: a.txt]\n\n[quoted from Jo]\n> [no preview available]', attachments: [['F3', 'a.txt', 'file', 3]] }));
  raw('a preview of a link', direct({ text: 'see https://a.example', attachments: [{ from_url: 'https://a.example', title: 'A', text: 'about a' }] }), event({ ...alone, text: 'see https://a.example' }));
  raw('an attachment and nothing else', direct({ text: '', attachments: [{ title: 'A', text: 'about a', fallback: 'a' }] }), event({ ...alone, text: '[quoted]\n> A\n> about a' }));
  raw('files that can not be had', direct({ text: 'and?', files: [{ id: 'F1', mode: 'tombstone' }, { id: 'F2', mode: 'hidden_by_limit' }, { id: 'F3', mode: 'external', name: 'Plan', external_url: 'https://docs.example/d' }, { id: 'F4', mode: 'snippet', title: 'x.py', mimetype: 'text/plain', size: 1 }, 'odd'] }),
    event({ ...alone, text: 'and?\n[file: deleted]\n[file: hidden by the limits of the workspace]\n[file: Plan https://docs.example/d]\n[file: x.py]', attachments: [['F4', 'x.py', 'file', 1]] }));

  // Two events of one message, of which only one has the files: parts of one.
  raw('a mention with a file, as a mention', callback({ ...asked, type: 'app_mention', text: '<@UBOT> read it' }), event({ ...group, text: 'read it' }));
  raw('a mention with a file, as a message', message({ subtype: 'file_share', text: '<@UBOT> read it', files: [{ id: 'F1', name: 'n.txt', mimetype: 'text/plain', size: 20 }] }),
    event({ ...group, text: 'read it\n[file: n.txt]', attachments: [['F1', 'n.txt', 'file', 20]] }));

  // Edits.
  const version = (text, fields) => ({ type: 'message', user: 'U1', ts: '1767225600.000100', text, ...fields });
  const changed = (now, before, fields) => callback({ type: 'message', subtype: 'message_changed', hidden: true, ts: '1767225600.000900', channel: 'D1', channel_type: 'im', message: now, previous_message: before, ...fields });
  const when = (ts) => ({ edited: { user: 'U1', ts } });
  raw('an edited question', changed(version('so', when('1.0')), version('x')), event({ ...alone, event_id: alone.event_id + edited('so'), edits: alone.event_id, text: 'so' }));
  raw('a second edit', changed(version('so', when('2.0')), version('x', when('1.0'))), event({ ...alone, event_id: alone.event_id + edited('so'), edits: alone.event_id, text: 'so' }));
  raw('an edited mention', changed(version('<@UBOT> so', when('1.0')), version('<@UBOT> x'), { channel: 'C1', channel_type: 'channel' }), event({ ...group, event_id: group.event_id + edited(' so'), edits: group.event_id, text: 'so' }));
  raw('links that were looked at', changed(version('see', { attachments: [{ ...jo, text: 'far' }] }), version('see')), ignored('unknown'));
  raw('links of an edited question that were looked at', changed(version('see', { ...when('1.0'), attachments: [jo] }), version('see', when('1.0'))), ignored('unknown'));
  raw('the bot edits its answer', changed(version('so', { ...when('1.0'), user: 'UBOT', bot_id: 'B1' }), version('x')), ignored('bot_message'));
  raw('an edited message that was deleted', changed(version('gone', { subtype: 'tombstone' }), version('x')), ignored('unknown'));
  raw('what happened in a channel', message({ subtype: 'channel_topic', text: '<@U1> set the topic: <@UBOT>' }), ignored('unknown'));

  // Slash commands and interactions are forms.
  const form = (fields) => new URLSearchParams(fields).toString();
  const hook = 'https://hooks.slack.com/commands/T1/1/x';
  const command = (fields) => form({ token: 'z', team_id: 'T1', channel_id: 'C1', channel_name: 'team', user_id: 'U1', user_name: 'anna', command: '/ai', text: 'what is new?', response_url: hook, trigger_id: '1.2.a', ...fields });
  const commanded = { event_id: 'trigger:1.2.a', conversation: 'C1', sender: 'U1', address: { channel: 'C1', user: 'U1', response_url: hook } };
  const seen = { status: 200, body: '{"response_type":"in_channel"}' };
  raw('a slash command', command({}), { ...event({ ...commanded, text: 'what is new?' }), ...seen });
  raw('a slash command with everything that is encoded', command({ text: 'a+b = 100 % & <https://a.example|a> 你好' }), { ...event({ ...commanded, text: 'a+b = 100 % & a (https://a.example) 你好' }), ...seen });
  raw('a slash command without words', command({ text: '' }), { ...event({ ...commanded, text: '/help' }), ...seen });
  raw('a slash command in a direct message', command({ channel_id: 'D1', channel_name: 'directmessage', text: '/new' }), { ...event({ ...commanded, conversation: 'D1', address: { channel: 'D1', response_url: hook }, text: '/new' }), ...seen });
  const interaction = (payload) => form({ payload: JSON.stringify(payload) });
  raw('a shortcut on a message', interaction({ type: 'message_action', trigger_id: '1.2.b', response_url: hook, channel: { id: 'C1' }, user: { id: 'U1' }, message: { type: 'message', user: 'U3', ts: '1767225600.000100', text: 'is <https://a.example> up?' } }),
    { ...event({ event_id: 'trigger:1.2.b', conversation: 'C1/1767225600.000100', sender: 'U1', address: { channel: 'C1', user: 'U1', response_url: hook, thread_ts: '1767225600.000100' }, text: 'is https://a.example up?' }), status: 200, body: '' });
  for (const type of ['block_actions', 'view_submission', 'shortcut', 'block_suggestion'])
    raw(`an interaction: ${type}`, interaction({ type, trigger_id: '1.2.c', user: { id: 'U1' }, channel: { id: 'C1' } }), { ...ignored('unknown'), status: 200, body: '' });
  raw('an interaction that is no JSON', form({ payload: '{' }), { ...ignored('unknown'), status: 200, body: '' });
  raw('a form with a payload that is cut', 'payload=%7B%22type%22%3A%2', ignored('unknown'));
  raw('a tampered form', command({}), refused, { signature: sign(command({ text: 'x' })) });

  raw('somebody joins', callback({ type: 'member_joined_channel', channel: 'C1', user: 'U7' }), ignored('joined'));
  raw('the bot joins', callback({ type: 'member_joined_channel', channel: 'C1', user: 'UBOT' }), ignored('joined'));
  raw('somebody leaves', callback({ type: 'member_left_channel', channel: 'C1', user: 'U7' }), ignored('left'));
  raw('an event nobody knows', callback({ type: 'reaction_added', user: 'U1' }), ignored('unknown'));
  raw('a form instead of JSON', 'command=%2Fai&text=hi', ignored('unknown'));
  raw('an array instead of an object', '[1]', ignored('unknown'));
  raw('an event that is a text', JSON.stringify({ type: 'event_callback', event: 'x' }), ignored('unknown'));
  raw('numbers where texts belong', callback({ type: 'message', channel: 5, user: [], ts: {}, text: 7 }), ignored('unknown'));
  raw('a tampered body', direct({ text: 'b' }), refused, { signature: sign(direct({ text: 'a' })) });
  raw('another secret', direct({ text: 'a' }), refused, { signature: sign(direct({ text: 'a' }), SECONDS, 'another') });
  raw('a stale timestamp', direct({ text: 'a' }), refused, { timestamp: String(NOW / 1000 - 301) });
  raw('a timestamp at the limit', direct({ text: 'a' }),
    event({ event_id: '1767225600.000100:D1', conversation: 'D1', sender: 'U1', text: 'a', address: { channel: 'D1' } }), { timestamp: String(NOW / 1000 - 300) });
  raw('a timestamp from the future', direct({ text: 'a' }), refused, { timestamp: String(NOW / 1000 + 301), stricter: true });
  raw('a timestamp that is no number', direct({ text: 'a' }), refused, { timestamp: 'now' });
  raw('no headers', direct({ text: 'a' }), refused, { headers: {} });
  raw('an upper-case signature', direct({ text: 'a' }), refused, { signature: sign(direct({ text: 'a' })).toUpperCase() });
  write('slack', { type: 'slack', bot_token: 'xoxb-1', signing_secret: secret }, vectors);
}

// --- Telegram ----------------------------------------------------------------------------------------------------
// grammy's webhookCallback compares the header with the secret, no more; so do we.
function telegram() {
  const secret = 'a-secret_Token-9';
  const vectors = [];
  const self = { id: '42', name: 'team_bot' };
  const raw = (name, body, expected, extra = {}) =>
    vectors.push({ name, now_ms: NOW, headers: { 'X-Telegram-Bot-Api-Secret-Token': secret }, self, body: typeof body === 'string' ? body : JSON.stringify(body), expected, ...extra });
  const anna = { id: 7, is_bot: false, first_name: 'Anna', username: 'anna' };
  const update = (message) => ({ update_id: 900, message: { message_id: 11, from: anna, date: NOW / 1000, chat: { id: 7, type: 'private' }, ...message } });
  const inGroup = (message) => update({ chat: { id: -100123, type: 'supergroup', title: '团队' }, ...message });
  const direct = { event_id: '7/11', conversation: '7', sender: '7', address: { chat_id: 7 } };
  const group = { event_id: '-100123/11', conversation: '-100123', sender: '7', address: { chat_id: -100123, message_id: 11 } };
  const mention = (text) => [{ type: 'mention', offset: text.indexOf('@'), length: 9 }];

  raw('a direct message', update({ text: 'hello' }), event({ ...direct, text: 'hello' }));
  raw('Chinese and emoji', update({ text: '你好 👋' }), event({ ...direct, text: '你好 👋' }));
  raw('/start asks for help', update({ text: '/start', entities: [{ type: 'bot_command', offset: 0, length: 6 }] }), event({ ...direct, text: '/help' }));
  raw('a message in a group', inGroup({ text: 'lunch?' }), ignored('not_addressed'));
  raw('a mention', inGroup({ text: '@team_bot what is new?', entities: mention('@') }), event({ ...group, text: 'what is new?' }));
  raw('a mention after emoji, which count twice', inGroup({ text: '👋👋 @team_bot 在吗', entities: [{ type: 'mention', offset: 5, length: 9 }] }),
    event({ ...group, text: '👋👋  在吗' }));
  raw('a mention of another bot', inGroup({ text: '@other_bot hi', entities: [{ type: 'mention', offset: 0, length: 10 }] }), ignored('not_addressed'));
  raw('a mention without a handle', inGroup({ text: 'Bot, hi', entities: [{ type: 'text_mention', offset: 0, length: 3, user: { id: 42, is_bot: true } }] }),
    event({ ...group, text: ', hi' }));
  raw('a command for this bot', inGroup({ text: '/new@team_bot', entities: [{ type: 'bot_command', offset: 0, length: 13 }] }), event({ ...group, text: '/new' }));
  raw('a command for another bot', inGroup({ text: '/new@other_bot', entities: [{ type: 'bot_command', offset: 0, length: 14 }] }), ignored('not_addressed'));
  raw('a reply to the bot', inGroup({ text: 'and then?', reply_to_message: { message_id: 10, from: { id: 42, is_bot: true } } }), event({ ...group, text: 'and then?' }));
  raw('a reply to somebody else', inGroup({ text: 'yes', reply_to_message: { message_id: 10, from: { id: 8, is_bot: false } } }), ignored('not_addressed'));
  raw('a topic', inGroup({ text: '@team_bot hi', entities: mention('@'), is_topic_message: true, message_thread_id: 77 }),
    event({ ...group, conversation: '-100123/77', address: { chat_id: -100123, message_id: 11, message_thread_id: 77 }, text: 'hi' }));
  raw('a hidden link', update({ text: 'see the page', entities: [{ type: 'text_link', offset: 4, length: 8, url: 'https://x.example/' }] }),
    event({ ...direct, text: 'see the page (https://x.example/)' }));
  raw('a link over a mention', inGroup({ text: '@team_bot see', entities: [{ type: 'text_link', offset: 0, length: 9, url: 'https://x.example/' }, ...mention('@'), { type: 'bold', offset: 0, length: 13 }] }),
    event({ ...group, text: '(https://x.example/) see' }));
  raw('a document with a caption', update({ caption: '看看', document: { file_id: 'F1', file_name: '报告.pdf', file_size: 1234, mime_type: 'application/pdf' } }),
    event({ ...direct, text: '看看\n[file: 报告.pdf]', attachments: [['F1', '报告.pdf', 'file', 1234]] }));
  raw('a photo: the largest size', update({ photo: [{ file_id: 'small', file_size: 1 }, { file_id: 'large', file_size: 9 }] }),
    event({ ...direct, text: '[image: image]', attachments: [['large', '', 'image', 9]] }));
  raw('a voice message', update({ voice: { file_id: 'V1', file_size: 5 } }), event({ ...direct, text: '[audio: audio]', attachments: [['V1', '', 'audio', 5]] }));
  raw("another bot's message", inGroup({ text: '@team_bot hi', entities: mention('@'), from: { id: 9, is_bot: true } }), ignored('bot_message'));
  raw('an edited message', { update_id: 901, edited_message: update({ text: 'x', edit_date: 1 }).message },
    event({ ...direct, event_id: '7/11' + edited('x'), edits: '7/11', text: 'x' }));
  raw('the same version of it with another number', { update_id: 902, edited_message: update({ text: 'x', edit_date: 2 }).message },
    event({ ...direct, event_id: '7/11' + edited('x'), edits: '7/11', text: 'x' }));
  raw('an edited caption', { update_id: 901, edited_message: update({ caption: 'the left one', photo: [{ file_id: 'large', file_size: 9 }] }).message },
    event({ ...direct, event_id: '7/11' + edited('the left one'), edits: '7/11', text: 'the left one\n[image: image]', attachments: [['large', '', 'image', 9]] }));
  raw('an edited mention', { update_id: 901, edited_message: inGroup({ text: '@Team_Bot so', entities: mention('@') }).message },
    event({ ...group, event_id: '-100123/11' + edited(' so'), edits: '-100123/11', text: 'so' }));
  raw('a live location that moves', { update_id: 901, edited_message: update({ location: { latitude: 1.5, longitude: 2, live_period: 60 } }).message }, ignored('unknown'));
  raw('a checklist that is ticked off', { update_id: 901, edited_message: update({ checklist: { title: 'T', tasks: [] } }).message }, ignored('unknown'));
  raw("another bot's edited message", { update_id: 901, edited_message: update({ text: 'x', from: { id: 9, is_bot: true } }).message }, ignored('bot_message'));

  // Who is meant.
  raw('a mention in other letters', inGroup({ text: '@Team_BOT hi', entities: mention('@') }), event({ ...group, text: 'hi' }));
  raw('a command for this bot in other letters', inGroup({ text: '/New@TEAM_bot', entities: [{ type: 'bot_command', offset: 0, length: 13 }] }), event({ ...group, text: '/New' }));
  raw('a handle that begins as the bot\'s', inGroup({ text: '@team_bot2 hi', entities: [{ type: 'mention', offset: 0, length: 10 }] }), ignored('not_addressed'));
  raw('a command for another bot that answers this one', inGroup({ text: '/new@other_bot', entities: [{ type: 'bot_command', offset: 0, length: 14 }], reply_to_message: { message_id: 10, from: { id: 42, is_bot: true } } }), ignored('not_addressed'));
  raw('a mention behind a command of another bot', inGroup({ text: 'try /new@other_bot @team_bot', entities: [{ type: 'bot_command', offset: 4, length: 14 }, { type: 'mention', offset: 19, length: 9 }] }),
    event({ ...group, text: 'try /new@other_bot' }));
  const asGroup = { from: { id: 1087968824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' }, sender_chat: { id: -100123, type: 'supergroup', title: '团队' } };
  raw('an administrator who stays anonymous', inGroup({ ...asGroup, text: '@team_bot hi', entities: mention('@') }), event({ ...group, sender: '-100123', text: 'hi' }));
  raw('an administrator who stays anonymous and does not mean the bot', inGroup({ ...asGroup, text: 'hi' }), ignored('not_addressed'));
  raw('a person who writes as a channel', inGroup({ from: { id: 136817688, is_bot: true, username: 'Channel_Bot' }, sender_chat: { id: -100777, type: 'channel', title: 'C' }, text: '@team_bot hi', entities: mention('@') }),
    event({ ...group, sender: '-100777', text: 'hi' }));
  raw('a post of the linked channel', inGroup({ from: { id: 777000, is_bot: false }, sender_chat: { id: -100777, type: 'channel', title: 'C' }, is_automatic_forward: true, text: '@team_bot hi', entities: mention('@') }), ignored('bot_message'));
  const root = { message_id: 77, from: { id: 42, is_bot: true }, is_topic_message: true, message_thread_id: 77 };
  raw('a message in a topic that the bot made', inGroup({ text: 'lunch?', is_topic_message: true, message_thread_id: 77, reply_to_message: { ...root, forum_topic_created: { name: 'Lunch', icon_color: 1 } } }), ignored('not_addressed'));
  raw('the same where the topic\'s first message is not told whole', inGroup({ text: 'lunch?', is_topic_message: true, message_thread_id: 77, reply_to_message: root }), ignored('not_addressed'));
  raw('a reply to the bot in a topic', inGroup({ text: 'and then?', is_topic_message: true, message_thread_id: 77, reply_to_message: { ...root, message_id: 78 } }),
    event({ ...group, conversation: '-100123/77', address: { chat_id: -100123, message_id: 11, message_thread_id: 77 }, text: 'and then?' }));
  raw('a link with a payload', update({ text: '/start ref_42', entities: [{ type: 'bot_command', offset: 0, length: 6 }] }), event({ ...direct, text: '/help' }));
  raw('a link with a payload to a group', inGroup({ text: '/start@team_bot ref_42', entities: [{ type: 'bot_command', offset: 0, length: 15 }] }), event({ ...group, text: '/help' }));
  raw('a word that begins as /start', update({ text: '/started' }), event({ ...direct, text: '/started' }));

  // Words of others.
  const bob = { id: 8, is_bot: false, first_name: 'Bob', last_name: 'Ray' };
  raw('a reply', update({ text: 'translate', reply_to_message: { message_id: 10, from: bob, text: 'Der Vertrag\nendet.' } }),
    event({ ...direct, text: 'translate\n\n[quoted from Bob Ray]\n> Der Vertrag\n> endet.' }));
  raw('a reply in a group', inGroup({ text: '@team_bot 翻译', entities: mention('@'), reply_to_message: { message_id: 10, from: bob, caption: 'Plan', document: { file_id: 'F9', file_name: 'plan.txt', file_size: 3 } } }),
    event({ ...group, text: '翻译\n[file: plan.txt]\n\n[引用 Bob Ray]\n> Plan', attachments: [['F9', 'plan.txt', 'file', 3]] }));
  raw('a reply to a picture with nothing but a mention', inGroup({ text: '@team_bot', entities: mention('@'), reply_to_message: { message_id: 10, from: bob, photo: [{ file_id: 'P' }] } }),
    event({ ...group, text: '[image: image]', attachments: [['P', '', 'image', 0]] }));
  raw('a reply to what the bot said', inGroup({ text: 'why?', reply_to_message: { message_id: 10, from: { id: 42, is_bot: true, first_name: 'Team' }, text: 'No.' } }),
    event({ ...group, text: 'why?\n\n[quoted from Team]\n> No.' }));
  raw('a part that was marked', update({ text: 'why?', quote: { text: 'in May', position: 4 }, reply_to_message: { message_id: 10, from: bob, text: 'Ends in May.' } }),
    event({ ...direct, text: 'why?\n\n[quoted from Bob Ray]\n> in May' }));
  raw('a reply to a message of another chat', update({ text: 'why?', quote: { text: 'in May' }, external_reply: { origin: { type: 'channel', chat: { id: -1, title: 'News' }, message_id: 3 }, document: { file_id: 'F9', file_name: 'a.txt' } } }),
    event({ ...direct, text: 'why?\n[file: a.txt]\n\n[quoted from News]\n> in May', attachments: [['F9', 'a.txt', 'file', 0]] }));
  raw('a reply to a poll', update({ text: 'which?', reply_to_message: { message_id: 10, from: bob, poll: { question: 'Tea?', options: [{ text: 'yes' }, { text: 'no' }] } } }),
    event({ ...direct, text: 'which?\n\n[quoted from Bob Ray]\n> [poll: Tea? yes / no]' }));
  raw('a command that is a reply', update({ text: '/new', reply_to_message: { message_id: 10, from: bob, text: 'x' } }), event({ ...direct, text: '/new' }));
  const forwards = { user: { type: 'user', sender_user: bob }, hidden: { type: 'hidden_user', sender_user_name: 'Boss' }, chat: { type: 'chat', sender_chat: { id: -5, title: 'Team' } }, channel: { type: 'channel', chat: { id: -6, title: 'News' }, message_id: 1 } };
  for (const [name, who] of [['user', 'Bob Ray'], ['hidden', 'Boss'], ['chat', 'Team'], ['channel', 'News']])
    raw(`a forwarded message (${name})`, update({ text: 'Numbers are in.', forward_origin: forwards[name] }), event({ ...direct, text: `[quoted from ${who}]\n> Numbers are in.` }));
  raw('a command that is forwarded', update({ text: '/new', forward_origin: forwards.user }), event({ ...direct, text: '[quoted from Bob Ray]\n> /new' }));
  raw('a forward of unknown origin', update({ text: 'x', forward_origin: { type: 'new' } }), event({ ...direct, text: '[quoted]\n> x' }));

  // Things.
  const thing = (name, message, text) => raw(name, update(message), event({ ...direct, text }));
  thing('a sticker', { sticker: { file_id: 'S', emoji: '👍', set_name: 'Set' } }, '[sticker: 👍]');
  thing('a sticker without an emoji', { sticker: { file_id: 'S' } }, '[sticker]');
  thing('a place', { location: { latitude: 39.9, longitude: 116.4 } }, '[location: 39.9,116.4]');
  thing('a venue', { location: { latitude: 39.9, longitude: 116.4 }, venue: { location: { latitude: 39.9, longitude: 116.4 }, title: '故宫', address: '北京' } }, '[location: 故宫, 北京 39.9,116.4]');
  thing('a contact', { contact: { phone_number: '+49 1', first_name: 'Jo', last_name: 'Li' } }, '[contact: Jo Li +49 1]');
  thing('a poll', { poll: { question: 'Which [one]?', options: [{ text: 'a' }, { text: 'b' }, 'c'] } }, '[poll: Which (one)? a / b]');
  thing('dice', { dice: { emoji: '🎲', value: 5 } }, '[dice: 🎲 5]');
  thing('a game', { game: { title: 'Chess', description: 'play' } }, '[game: Chess: play]');
  thing('a checklist', { checklist: { title: 'Trip', tasks: [{ id: 1, text: 'bag', completion_date: 5 }, { id: 2, text: 'pass' }] } }, '[checklist: Trip: ✓ bag / pass]');
  thing('a story', { story: { chat: { id: -6, title: 'News' }, id: 3 } }, '[story: News]');
  thing('a gift', { gift: { gift: { id: 'g', sticker: { emoji: '🎁' }, star_count: 5 }, text: 'for you' } }, '[gift: 🎁 for you]');
  thing('a unique gift', { unique_gift: { gift: { base_name: 'Star', number: 7 } } }, '[gift: Star]');
  thing('things of wrong kinds', { sticker: { emoji: 5 }, location: { latitude: 'x' }, poll: { question: [], options: {} } }, '[sticker]\n[location]\n[poll]');
  raw('a video note', update({ video_note: { file_id: 'N1', length: 240, file_size: 5 } }), event({ ...direct, text: '[video: video]', attachments: [['N1', '', 'video', 5]] }));
  raw('an animation, which is told as a document too', update({ animation: { file_id: 'A1', file_name: 'a.mp4' }, document: { file_id: 'A1', file_name: 'a.mp4' } }), event({ ...direct, text: '[video: a.mp4]', attachments: [['A1', 'a.mp4', 'video', 0]] }));
  raw('paid media', update({ paid_media: { star_count: 1, paid_media: [{ type: 'photo', photo: [{ file_id: 'P' }] }, { type: 'video', video: { file_id: 'V' } }] } }),
    event({ ...direct, text: '[image: image] [video: video]', attachments: [['P', '', 'image', 0], ['V', '', 'video', 0]] }));
  raw('a part of an album', update({ media_group_id: '135', photo: [{ file_id: 'P' }], caption: 'which?' }), event({ ...direct, text: 'which?\n[image: image]', album: '135', attachments: [['P', '', 'image', 0]] }));
  raw('a part of an album that mentions nobody', inGroup({ media_group_id: '135', photo: [{ file_id: 'P' }] }), event({ ...group, text: '[image: image]', album: '135', only_joins: true, attachments: [['P', '', 'image', 0]] }));
  raw('paid media that is not shown', update({ paid_media: { star_count: 1, paid_media: [{ type: 'preview' }] } }), event({ ...direct, text: '', fixed_answer: cannotRead('付费媒体', 'paid media') }));
  raw('a kind nobody knows', update({ hologram: { file_id: 'H' } }), event({ ...direct, text: '', fixed_answer: cannotRead('未知类型', 'a kind I do not know') }));
  raw('a kind nobody knows in a group', inGroup({ hologram: { file_id: 'H' } }), ignored('not_addressed'));
  raw('a pinned message', update({ pinned_message: { message_id: 3 } }), ignored('empty'));
  raw('a button of somebody else\'s', { update_id: 904, callback_query: { id: 'q1', from: anna, data: 'x' } }, { outcome: 'unknown', status: 200, body: '{"callback_query_id":"q1","method":"answerCallbackQuery"}' });
  raw('a post in a channel', { update_id: 904, channel_post: { message_id: 3, chat: { id: -6, type: 'channel' }, text: 'x' } }, ignored('unknown'));
  raw('an update nobody knows', { update_id: 904, hologram: {} }, ignored('unknown'));
  raw('half of an emoji', '{"update_id":900,"message":{"message_id":11,"from":{"id":7,"first_name":"A \\ud83d"},"chat":{"id":7,"type":"private"},"text":"hi \\ud83d"}}', event({ ...direct, text: 'hi \ufffd' }));
  raw('somebody joins', inGroup({ new_chat_members: [{ id: 8, is_bot: false }] }), ignored('joined'));
  raw('somebody leaves', inGroup({ left_chat_member: { id: 8, is_bot: false } }), ignored('left'));
  raw('the bot is added', { update_id: 902, my_chat_member: { chat: { id: -100123, type: 'group' }, from: anna, old_chat_member: { status: 'left' }, new_chat_member: { status: 'member' } } }, ignored('joined'));
  raw('the bot is removed', { update_id: 903, my_chat_member: { chat: { id: -100123, type: 'group' }, from: anna, old_chat_member: { status: 'member' }, new_chat_member: { status: 'kicked' } } }, ignored('left'));
  raw('an offset outside of the text', inGroup({ text: 'x', entities: [{ type: 'mention', offset: 1000000, length: 1000000 }] }), ignored('not_addressed'));
  raw('a negative offset', update({ text: 'x', entities: [{ type: 'mention', offset: -5, length: 9 }] }), event({ ...direct, text: 'x' }));
  raw('wrong kinds of values', { update_id: '900', message: { from: [], chat: 5, text: {} } }, ignored('unknown'));
  raw('no JSON', '<xml/>', { error: 'invalid' });
  raw('a mention before the bot knows its name', inGroup({ text: '@team_bot hi', entities: mention('@') }), { error: 'unavailable' }, { self: undefined });
  raw('a wrong secret', update({ text: 'hi' }), refused, { headers: { 'X-Telegram-Bot-Api-Secret-Token': 'a-secret_Token-8' } });
  raw('a longer secret', update({ text: 'hi' }), refused, { headers: { 'X-Telegram-Bot-Api-Secret-Token': secret + 'x' } });
  raw('no secret', update({ text: 'hi' }), refused, { headers: {} });
  write('telegram', { type: 'telegram', bot_token: '42:TOKEN', secret }, vectors);
}

// --- Feishu ------------------------------------------------------------------------------------------------------
async function feishu() {
  const key = 'encrypt-key-of-the-app', token = 'verification-token';
  const cipher = new lark.AESCipher(key);
  const encrypt = (text, iv = Buffer.alloc(16, 7), k = key) => {
    const aes = crypto.createCipheriv('aes-256-cbc', crypto.createHash('sha256').update(k).digest(), iv);
    return Buffer.concat([iv, aes.update(text, 'utf8'), aes.final()]).toString('base64');
  };
  const sign = (body, timestamp = SECONDS, nonce = 'n1', k = key) =>
    crypto.createHash('sha256').update(timestamp + nonce + k + body).digest('hex');
  const self = { id: 'ou_bot', name: '小助手' };
  const silent = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const vectors = [];
  const raw = async (name, payload, expected, { timestamp = SECONDS, body, headers, stricter, ...extra } = {}) => {
    body ??= JSON.stringify({ encrypt: encrypt(JSON.stringify(payload)) });
    headers ??= { 'X-Lark-Request-Timestamp': timestamp, 'X-Lark-Request-Nonce': 'n1', 'X-Lark-Signature': sign(body, timestamp) };
    const vector = { name, now_ms: NOW, body, headers, self, expected, ...(stricter && { stricter }), ...extra };
    // The SDK's dispatcher on the same request; what it decrypts must be what was meant.
    let accepted = false;
    try {
      const lower = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]));
      const data = Object.assign(Object.create({ headers: lower }), JSON.parse(body));
      const { isChallenge, challenge } = lark.generateChallenge(data, { encryptKey: key });
      const dispatcher = new lark.EventDispatcher({ encryptKey: key, verificationToken: token, logger: silent });
      accepted = isChallenge ? Boolean(challenge) : (await dispatcher.invoke(data)) !== undefined;
      if (accepted && payload && !isChallenge && JSON.stringify(JSON.parse(cipher.decrypt(JSON.parse(body).encrypt))) !== JSON.stringify(payload)) throw new Error('decrypts to something else');
    } catch (error) {
      accepted = false;
    }
    check('feishu', vector, accepted);
    vectors.push(vector);
  };
  const callback = (type, body, header = {}) => ({
    schema: '2.0', header: { event_id: 'ev1', token, create_time: String(NOW), event_type: type, tenant_key: 't', app_id: 'cli_1', ...header }, event: body,
  });
  const message = (fields, sender = {}) => callback('im.message.receive_v1', {
    sender: { sender_id: { open_id: 'ou_anna', union_id: 'on_1', user_id: null }, sender_type: 'user', tenant_key: 't', ...sender },
    message: { message_id: 'om_1', create_time: String(NOW), chat_id: 'oc_1', chat_type: 'p2p', message_type: 'text', content: '{"text":"hello"}', ...fields },
  });
  const text = (t, fields = {}) => message({ content: JSON.stringify({ text: t }), ...fields });
  const bot = { key: '@_user_1', id: { open_id: 'ou_bot', union_id: 'on_b', user_id: '' }, name: '小助手', tenant_key: 't' };
  const bob = { key: '@_user_2', id: { open_id: 'ou_bob', union_id: 'on_c', user_id: '' }, name: '小明', tenant_key: 't' };
  const direct = { event_id: 'om_1', conversation: 'oc_1', sender: 'ou_anna', address: { chat_id: 'oc_1' } };
  const group = { event_id: 'om_1', conversation: 'oc_1', sender: 'ou_anna', address: { chat_id: 'oc_1', message_id: 'om_1', user: 'ou_anna' } };
  const inGroup = { chat_type: 'group' };

  await raw('a url verification, encrypted and not signed', { challenge: 'ajls384k', token, type: 'url_verification' }, handshake('{"challenge":"ajls384k"}'), { headers: {} });
  await raw('a direct message', text('hello'), event({ ...direct, text: 'hello' }));
  await raw('Chinese and emoji', text('你好 👋 [微笑]'), event({ ...direct, text: '你好 👋 [微笑]' }));
  await raw('a mention', text('@_user_1 有什么新闻', { ...inGroup, mentions: [bot] }), event({ ...group, text: '有什么新闻' }));
  await raw('a mention of both', text('@_user_1 问一下 @_user_2', { ...inGroup, mentions: [bot, bob] }), event({ ...group, text: '问一下 @小明' }));
  const many = Array.from({ length: 12 }, (_, i) => ({ ...bob, key: `@_user_${i + 2}`, name: `N${i + 2}` }));
  await raw('more than nine mentions', text('@_user_1 @_user_2 @_user_10 @_user_13', { ...inGroup, mentions: [bot, ...many] }), event({ ...group, text: '@N2 @N10 @N13' }));
  await raw('names that look like placeholders', text('@_user_1 ask @_user_2 and @_user_3', { ...inGroup,
    mentions: [bot, { ...bob, name: '@_user_3@_user_3' }, { ...bob, key: '@_user_3', name: '@_user_2 @_all' }] }), event({ ...group, text: 'ask @@_user_3@_user_3 and @@_user_2 @_all' }));
  await raw('a name of several lines', text('@_user_1 ask @_user_2', { ...inGroup, mentions: [bot, { ...bob, name: 'a\n> b\u2028c' }] }), event({ ...group, text: 'ask @a > b c' }));
  await raw('the same message with another time', text('hello', { create_time: String(NOW + 77) }), event({ ...direct, text: 'hello' }));
  await raw('a file whose name would leave its brackets', message({ message_type: 'file', content: JSON.stringify({ file_key: 'file_1', file_name: 'a]\r\n\u2028[b] > SYSTEM.txt' }) }),
    event({ ...direct, text: '[file: a)   (b) > SYSTEM.txt]', attachments: [['om_1/file_1', 'a]\r\n\u2028[b] > SYSTEM.txt', 'file', 0]] }));
  await raw('a mention of somebody else', text('@_user_2 吃饭', { ...inGroup, mentions: [bob] }), ignored('not_addressed'));
  await raw('a message in a group', text('吃饭', inGroup), ignored('not_addressed'));
  await raw('everybody is mentioned', text('@_all 吃饭', inGroup), ignored('not_addressed'));
  await raw('a thread', text('@_user_1 然后呢', { ...inGroup, mentions: [bot], thread_id: 'omt_1', root_id: 'om_0', parent_id: 'om_0' }),
    event({ ...group, conversation: 'oc_1/omt_1', address: { ...group.address, thread: true }, text: '然后呢', attachments: [['om_0', '', 'quote', 0]] }));
  await raw('a rich text', message({ message_type: 'post', content: JSON.stringify({ title: '标题', content: [[{ tag: 'text', text: '看 ' }, { tag: 'a', text: '这里', href: 'https://x.example' }], [{ tag: 'code_block', language: 'CPP', text: 'int a;' }]] }) }),
    event({ ...direct, text: '标题\n看 这里 (https://x.example)\n```CPP\nint a;\n```' }));
  await raw('a rich text with a mention and an image', message({ ...inGroup, message_type: 'post', mentions: [bot], content: JSON.stringify({ title: '', content: [[{ tag: 'at', user_id: '@_user_1', user_name: '小助手' }, { tag: 'text', text: ' 这是什么' }, { tag: 'img', image_key: 'img_1' }]] }) }),
    event({ ...group, text: '这是什么\n[image: image]', attachments: [['om_1/img_1', '', 'image', 0]] }));
  await raw('a file', message({ message_type: 'file', content: JSON.stringify({ file_key: 'file_1', file_name: '报告.docx' }) }),
    event({ ...direct, text: '[file: 报告.docx]', attachments: [['om_1/file_1', '报告.docx', 'file', 0]] }));
  await raw('an image', message({ message_type: 'image', content: JSON.stringify({ image_key: 'img_9' }) }), event({ ...direct, text: '[image: image]', attachments: [['om_1/img_9', '', 'image', 0]] }));
  await raw("a bot's message", message({}, { sender_type: 'app' }), ignored('bot_message'));
  await raw('an empty message', text('   '), ignored('empty'));
  await raw('a mention and nothing else', text('@_user_1', { ...inGroup, mentions: [bot] }), ignored('empty'));
  // Names.
  const people = Array.from({ length: 11 }, (_, i) => ({ ...bob, key: `@_user_${i + 1}`, id: { open_id: `ou_${i + 1}` }, name: `N${i + 1}` }));
  await raw('the tenth is the bot', text('@_user_1 @_user_10 @_user_11 开会', { ...inGroup, mentions: people.map((one) => (one.key === '@_user_10' ? { ...bot, key: one.key } : one)) }), event({ ...group, text: '@N1  @N11 开会' }));
  await raw('a name that is empty', text('@_user_1 ask @_user_2 about it', { ...inGroup, mentions: [bot, { ...bob, name: '' }] }), event({ ...group, text: 'ask @someone about it' }));
  await raw('a placeholder nobody explains', text('@_user_1 and @_user_12', { ...inGroup, mentions: [bot] }), event({ ...group, text: 'and @_user_12' }));
  await raw('everybody and the bot', text('@_all @_user_1 大家好', { ...inGroup, mentions: [bot, { key: '@_all', id: { open_id: '' }, name: '所有人' }] }), event({ ...group, text: '@所有人  大家好' }));
  await raw('mentions that are none', text('@_user_1 hi', { ...inGroup, mentions: ['x', 7, bot, {}] }), event({ ...group, text: 'hi' }));
  await raw('half an emoji', message({ content: '{"text":"hello \\ud83d there"}' }), event({ ...direct, text: 'hello \ufffd there' }));

  // What it replies to, and new versions.
  await raw('a reply', text('这是什么意思', { root_id: 'om_0', parent_id: 'om_9' }), event({ ...direct, text: '这是什么意思', attachments: [['om_9', '', 'quote', 0]] }));
  await raw('a mention and nothing else in a reply', text('@_user_1', { ...inGroup, mentions: [bot], parent_id: 'om_9' }), event({ ...group, text: '[quote]', attachments: [['om_9', '', 'quote', 0]] }));
  await raw('a command in a reply', text('/new', { parent_id: 'om_9' }), event({ ...direct, text: '/new', attachments: [['om_9', '', 'quote', 0]] }));
  const updated = (body) => ({ ...body, header: { ...body.header, event_type: 'im.message.updated_v1' } });
  await raw('an edited message', updated(text('so', { update_time: String(NOW + 5) })), event({ ...direct, event_id: 'om_1' + edited('so'), edits: 'om_1', text: 'so' }));
  await raw('an edited message of nobody', updated(callback('', { message: { message_id: 'om_1', chat_id: 'oc_1', message_type: 'text', content: '{"text":"so"}' } })), ignored('bot_message'));

  // Rich texts.
  const post = (content, fields = {}) => message({ message_type: 'post', content: JSON.stringify(content), ...fields });
  await raw('every piece of a rich text', post({ title: '周报', content: [[{ tag: 'text', text: '完成 ', style: ['bold'] }, { tag: 'a', href: 'https://a.example', text: 'https://a.example' }, { tag: 'emotion', emoji_type: 'OK' }],
    [{ tag: 'hr' }], [{ tag: 'md', text: '**看** [l](https://b.example)' }], [{ tag: 'at', user_id: 'all', user_name: '所有人' }, { tag: 'at', user_id: 'ou_bob', user_name: '小明' }, { tag: 'hologram', text: 'x' }], 'odd', ['odd']] }),
    event({ ...direct, text: '周报\n完成 https://a.example[OK]\n---\n**看** [l](https://b.example)\n@all@小明x' }));
  await raw('a video in a rich text', post({ content: [[{ tag: 'media', file_key: 'file_k', image_key: 'img_k' }]] }), event({ ...direct, text: '[video: video]', attachments: [['om_1/file_k', '', 'video', 0]] }));
  await raw('a rich text of one emoji', post({ title: '', content: [[{ tag: 'emotion', emoji_type: 'THUMBSUP' }]] }), event({ ...direct, text: '[THUMBSUP]' }));
  for (const language of ['zh_cn', 'en_us', 'ja_jp', 'de_de'])
    await raw(`a rich text by language: ${language}`, post({ [language]: { title: '通知', content: [[{ tag: 'text', text: '明天放假吗？' }]] } }), event({ ...direct, text: '通知\n明天放假吗？' }));
  await raw('a rich text by language in a post', post({ post: { en_us: { content: [[{ tag: 'text', text: 'hi' }]] } } }), event({ ...direct, text: 'hi' }));

  // Other kinds.
  const kind = (message_type, content) => message({ message_type, content: JSON.stringify(content) });
  await raw('a location', kind('location', { name: '北京 [天安门]', longitude: '116.4', latitude: '39.9' }), event({ ...direct, text: '[location: 北京 (天安门), 39.9 116.4]' }));
  await raw('a location in numbers', kind('location', { longitude: 116.5, latitude: 39 }), event({ ...direct, text: '[location: 39 116.5]' }));
  await raw('a poll', kind('vote', { topic: '午饭', options: ['面', '饭', 7] }), event({ ...direct, text: '[poll: 午饭, 面 / 饭]' }));
  await raw('a task', kind('todo', { task_id: 't', summary: { title: '', content: [[{ tag: 'text', text: '写周报' }]] }, due_time: '0' }), event({ ...direct, text: '[task: 写周报]' }));
  await raw('an event', kind('share_calendar_event', { summary: '评审', start_time: '1', end_time: '2' }), event({ ...direct, text: '[event: 评审]' }));
  await raw('a meeting', kind('video_chat', { topic: '例会', start_time: '1' }), event({ ...direct, text: '[meeting: 例会]' }));
  await raw('a folder', kind('folder', { file_key: 'f', file_name: '资料' }), event({ ...direct, text: '[folder: 资料]' }));
  await raw('a video', kind('media', { file_key: 'f', image_key: 'i', file_name: 'a.mp4', duration: 2 }), event({ ...direct, text: '[video: a.mp4]', attachments: [['om_1/f', 'a.mp4', 'video', 0]] }));
  await raw('a voice message', kind('audio', { file_key: 'f', duration: 2 }), event({ ...direct, text: '[audio: audio]', attachments: [['om_1/f', '', 'audio', 0]] }));
  await raw('a card', kind('interactive', { title: '告警', elements: [[{ tag: 'text', text: 'CPU 90%' }, { tag: 'button', text: '处理', type: 'default' }], [{ tag: 'img', image_key: 'i' }]] }), event({ ...direct, text: '告警\nCPU 90%\n处理' }));
  await raw('a card of schema 2.0', kind('interactive', { header: { title: { tag: 'plain_text', content: '告警' } }, body: { elements: [{ tag: 'markdown', content: '**CPU**' }, { tag: 'column_set', columns: [{ elements: [{ tag: 'div', text: { content: '90%' } }] }] }] } }), event({ ...direct, text: '告警\n**CPU**\n90%' }));
  await raw('forwarded messages', message({ message_type: 'merge_forward', content: 'Merged and Forwarded Message' }), event({ ...direct, text: '[forwarded messages]', attachments: [['om_1', '', 'quote', 0]] }));
  await raw('a notice', kind('system', { template: '{from_user} invited {to_chatters}', from_user: ['A'], to_chatters: ['B', 'C'] }), event({ ...direct, text: 'A invited B, C' }));
  await raw('a new kind that says something', kind('hologram', { text: 'hello' }), event({ ...direct, text: 'hello' }));
  const unread = (zh, en) => event({ ...direct, text: '', fixed_answer: cannotRead(zh, en) });
  await raw('a sticker', kind('sticker', { file_key: 's' }), unread('表情包', 'a sticker'));
  await raw('a sticker in reply', message({ message_type: 'sticker', content: '{"file_key":"s"}', parent_id: 'om_9' }), event({ ...unread('表情包', 'a sticker').event, attachments: [['om_9', '', 'quote', 0]] }));
  await raw('a group\'s card', kind('share_chat', { chat_id: 'oc_2' }), unread('群名片', "a group's card"));
  await raw('a contact\'s card', kind('share_user', { user_id: 'ou_2' }), unread('个人名片', "a contact's card"));
  await raw('a red packet', kind('hongbao', {}), unread('红包', 'a red packet'));
  await raw('a card that is not shown', kind('interactive', { title: null, elements: [[{ tag: 'text', text: '请升级至最新版本客户端，以查看内容' }]] }), unread('卡片', 'a card'));
  await raw('a poll of nothing', kind('vote', { topic: '', options: 'x' }), unread('投票', 'a poll'));
  await raw('a kind nobody knows', kind('hologram', { shape: [] }), unread('未知类型的消息', 'a kind of message I do not know'));
  await raw('a kind nobody knows, of which nothing is JSON', message({ message_type: 'hologram', content: 'x' }), unread('未知类型的消息', 'a kind of message I do not know'));
  await raw('a kind nobody knows in a group', message({ ...inGroup, message_type: 'hologram', content: '{}' }), ignored('not_addressed'));
  await raw('the bot is added', callback('im.chat.member.bot.added_v1', { chat_id: 'oc_1', operator_id: { open_id: 'ou_anna' } }), ignored('joined'));
  await raw('the bot is removed', callback('im.chat.member.bot.deleted_v1', { chat_id: 'oc_1' }), ignored('left'));
  await raw('a member joins', callback('im.chat.member.user.added_v1', { chat_id: 'oc_1', users: [{ name: '小明' }] }), ignored('joined'));
  await raw('a member leaves', callback('im.chat.member.user.deleted_v1', { chat_id: 'oc_1', users: [] }), ignored('left'));
  await raw('an event nobody knows', callback('im.message.reaction.created_v1', {}), ignored('unknown'));
  await raw('a text that is no JSON', message({ content: 'x' }), event({ ...direct, text: 'x' }));
  await raw('wrong kinds of values', callback('im.message.receive_v1', { message: [], sender: 3 }), ignored('unreadable'));
  await raw('a mention before the bot knows its id', text('@_user_1 hi', { ...inGroup, mentions: [bot] }), { error: 'unavailable' }, { self: undefined });
  await raw('no signature', text('hi'), refused, { headers: {} });
  await raw('a tampered body', null, refused, { body: JSON.stringify({ encrypt: encrypt(JSON.stringify(text('b'))) }),
    headers: { 'X-Lark-Request-Timestamp': SECONDS, 'X-Lark-Request-Nonce': 'n1', 'X-Lark-Signature': sign(JSON.stringify({ encrypt: encrypt(JSON.stringify(text('a'))) })) } });
  await raw('another nonce', text('hi'), refused, { headers: { 'X-Lark-Request-Timestamp': SECONDS, 'X-Lark-Request-Nonce': 'n2', 'X-Lark-Signature': sign(JSON.stringify({ encrypt: encrypt(JSON.stringify(text('hi'))) })) } });
  await raw('another key', null, refused, { body: JSON.stringify({ encrypt: encrypt(JSON.stringify(text('a')), undefined, 'another') }), stricter: true });
  await raw('a stale timestamp', text('hi'), refused, { timestamp: String(NOW / 1000 - 301), stricter: true });
  await raw('the token of another app', { ...text('hi'), header: { ...text('hi').header, token: 'other' } }, refused, { stricter: true });
  await raw('not encrypted', null, refused, { body: JSON.stringify(text('hi')), stricter: true });
  await raw('a ciphertext that is cut', null, refused, { body: JSON.stringify({ encrypt: encrypt(JSON.stringify(text('hi'))).slice(0, 60) }), stricter: true });
  await raw('no JSON', null, refused, { body: 'x' });
  write('feishu', { type: 'feishu', app_id: 'cli_1', app_secret: 's', encrypt_key: key, verification_token: token }, vectors);

  const plain = [];
  const open = (name, payload, expected) => plain.push({ name, now_ms: NOW, headers: {}, self, body: JSON.stringify(payload), expected });
  open('a url verification', { challenge: 'c', token, type: 'url_verification' }, handshake('{"challenge":"c"}'));
  open('a url verification with another token', { challenge: 'c', token: 'x', type: 'url_verification' }, refused);
  open('a direct message', text('hello'), event({ ...direct, text: 'hello' }));
  open('another token', callback('im.message.receive_v1', {}, { token: 'x' }), refused);
  open('no token', callback('im.message.receive_v1', {}, { token: undefined }), refused);
  write('feishu-token', { type: 'feishu', app_id: 'cli_1', app_secret: 's', verification_token: token }, plain);
}

// --- WeCom -------------------------------------------------------------------------------------------------------
function wecomApp() {
  const token = 'QDG6eK', aes = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C', corp = 'wx5823bf96d3bd56c7';
  const make = (platform, receiver, wrap, config) => {
    const vectors = [];
    const raw = (name, message, expected, { method = 'POST', timestamp = SECONDS, query, cipher, body, stricter, ...extra } = {}) => {
      cipher ??= wecom.encrypt(aes, message ?? '', receiver, Buffer.alloc(16, 'r'));
      query ??= { msg_signature: wecom.getSignature(token, timestamp, '1372623149', cipher), timestamp, nonce: '1372623149' };
      if (method === 'GET') query.echostr = cipher;
      const vector = { name, now_ms: NOW, method, query, headers: {}, body: body ?? (method === 'GET' ? '' : wrap(cipher)), expected, ...(stricter && { stricter }), ...extra };
      let accepted = wecom.getSignature(token, query.timestamp ?? '', query.nonce ?? '', cipher) === query.msg_signature;
      if (accepted) {
        try { accepted = wecom.decrypt(aes, cipher).message === (message ?? ''); } catch { accepted = false; }
      }
      check(platform, vector, accepted);
      vectors.push(vector);
    };
    return { vectors, raw, done: () => write(platform, config, vectors) };
  };

  const app = make('wecom', corp, (cipher) => `<xml><ToUserName><![CDATA[${corp}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID><Encrypt><![CDATA[${cipher}]]></Encrypt></xml>`,
    { type: 'wecom', corp_id: corp, agent_id: '1000002', secret: 's', token, aes_key: aes });
  const xml = (type, inner, id = '<MsgId>4561255354251345929</MsgId>') =>
    `<xml><ToUserName><![CDATA[${corp}]]></ToUserName><FromUserName><![CDATA[anna]]></FromUserName><CreateTime>1767225600</CreateTime><MsgType><![CDATA[${type}]]></MsgType>${inner}${id}<AgentID>1000002</AgentID></xml>`;
  const text = (t) => xml('text', `<Content><![CDATA[${t}]]></Content>`);
  const anna = { event_id: '4561255354251345929', conversation: 'anna', sender: 'anna', address: { user: 'anna' } };
  app.raw('the address is verified', '1616140317555161061', handshake('1616140317555161061'), { method: 'GET' });
  app.raw('the address is verified with a wrong signature', '1', refused, { method: 'GET', query: { msg_signature: 'x', timestamp: SECONDS, nonce: '1' } });
  app.raw('a message', text('hello'), event({ ...anna, text: 'hello' }));
  app.raw('Chinese and emoji', text('你好 👋 /微笑'), event({ ...anna, text: '你好 👋 /微笑' }));
  app.raw('markup in a text', text('a < b & "c"'), event({ ...anna, text: 'a < b & "c"' }));
  app.raw('escaped text without CDATA', xml('text', '<Content>a &lt; b &amp; c</Content>'), event({ ...anna, text: 'a < b & c' }));
  app.raw('an image', xml('image', '<PicUrl><![CDATA[https://x]]></PicUrl><MediaId><![CDATA[M1]]></MediaId>'), event({ ...anna, text: '[image: image]', attachments: [['M1', '', 'image', 0]] }));
  app.raw('a voice message', xml('voice', '<MediaId><![CDATA[M2]]></MediaId><Format>amr</Format>'), event({ ...anna, text: '[audio: audio]', attachments: [['M2', '', 'audio', 0]] }));
  app.raw('a file', xml('file', '<FileName>报告.docx</FileName><MediaId>M3</MediaId>'), event({ ...anna, text: '[file: 报告.docx]', attachments: [['M3', '报告.docx', 'file', 0]] }));
  app.raw('a link', xml('link', '<Title><![CDATA[页]]></Title><Url><![CDATA[https://x.example/]]></Url>'), event({ ...anna, text: '页 (https://x.example/)' }));
  app.raw('a location', xml('location', '<Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Label>广州</Label>'), event({ ...anna, text: '[location: 广州 23.1,113.3]' }));
  app.raw('a link with words about it', xml('link', '<Title>页</Title><Description>描述</Description><Url>https://x.example/</Url>'), event({ ...anna, text: '页 (https://x.example/)\n描述' }));
  app.raw('speech that was recognised', xml('voice', '<MediaId>M2</MediaId><Format>amr</Format><Recognition>今天天气</Recognition>'), event({ ...anna, text: '今天天气' }));
  app.raw('a short video', xml('shortvideo', '<MediaId>M4</MediaId>'), event({ ...anna, text: '[video: video]', attachments: [['M4', '', 'video', 0]] }));
  app.raw('a kind nobody knows', xml('miniprogram', '<Title>x</Title>'), event({ ...anna, text: '', fixed_answer: cannotRead('“miniprogram”类型的消息', "a message of the kind 'miniprogram'") }));
  app.raw('a click on a menu', xml('event', '<Event>click</Event><EventKey>MENU_1</EventKey>', ''), ignored('unknown'));
  app.raw('somebody subscribes', xml('event', '<Event>subscribe</Event>', ''), ignored('joined'));
  app.raw('somebody unsubscribes', xml('event', '<Event>unsubscribe</Event>', ''), ignored('unknown'));
  app.raw('somebody opens the app', xml('event', '<Event>enter_agent</Event>', ''), ignored('unknown'));
  app.raw('an empty text', text('  '), ignored('empty'));
  app.raw('no id', xml('text', '<Content>x</Content>', ''), ignored('unknown'));
  app.raw('a message that is no XML', 'not xml at all', ignored('unreadable'));
  app.raw('an entity that would grow', '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text('&a;'), event({ ...anna, text: '&a;' }));
  app.raw('a tampered ciphertext', text('a'), refused, { body: `<xml><Encrypt>${wecom.encrypt(aes, text('b'), corp, Buffer.alloc(16, 'r'))}</Encrypt></xml>`, stricter: true });
  app.raw('no signature', text('a'), refused, { query: { timestamp: SECONDS, nonce: '1' } });
  app.raw('no query at all', text('a'), refused, { query: {} });
  app.raw('a stale timestamp', text('a'), refused, { timestamp: String(NOW / 1000 - 301), stricter: true });
  app.raw('another company', text('a'), refused, { cipher: wecom.encrypt(aes, text('a'), 'wx000', Buffer.alloc(16, 'r')), stricter: true });
  app.raw('not encrypted', text('a'), refused, { body: text('a'), stricter: true });
  app.raw('a ciphertext that is cut', null, refused, { cipher: wecom.encrypt(aes, text('a'), corp, Buffer.alloc(16, 'r')).slice(0, 44) });
  app.raw('no base64', null, refused, { cipher: '*'.repeat(64) });
  app.raw('no XML around it', text('a'), refused, { body: 'x', stricter: true });
  app.done();

  const bot = make('wecom-bot', '', (cipher) => JSON.stringify({ encrypt: cipher }), { type: 'wecom', token, aes_key: aes });
  const said = (fields) => JSON.stringify({ msgid: 'm1', aibotid: 'AIB', chattype: 'single', from: { userid: 'anna' }, response_url: 'https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=R', msgtype: 'text', text: { content: 'hello' }, ...fields });
  const address = { response_url: 'https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=R', until: NOW + 3600000 };
  const single = { event_id: 'm1', conversation: 'anna', sender: 'anna', address };
  bot.raw('the address is verified', '1616140317555161061', handshake('1616140317555161061'), { method: 'GET' });
  bot.raw('a message', said({}), event({ ...single, text: 'hello' }));
  bot.raw('a group', said({ chattype: 'group', chatid: 'wr1', text: { content: '@小助手 你好' } }), event({ ...single, conversation: 'wr1', text: '你好' }));
  bot.raw('a voice message', said({ msgtype: 'voice', voice: { content: '今天天气' } }), event({ ...single, text: '今天天气' }));
  bot.raw('an image', said({ msgtype: 'image', image: { url: 'https://x/1' } }), event({ ...single, text: '[image: image]', attachments: [['https://x/1', '', 'image', 0]] }));
  bot.raw('text and image', said({ msgtype: 'mixed', mixed: { msg_item: [{ msgtype: 'text', text: { content: '这是什么' } }, { msgtype: 'image', image: { url: 'https://x/1' } }] } }),
    event({ ...single, text: '这是什么\n[image: image]', attachments: [['https://x/1', '', 'image', 0]] }));
  bot.raw('a quotation', said({ quote: { msgtype: 'text', text: { content: '合同五月底到期' } }, text: { content: '总结这条' } }), event({ ...single, text: '总结这条\n\n[引用]\n> 合同五月底到期' }));
  bot.raw('a name with a space', said({ chattype: 'group', chatid: 'wr1', text: { content: '@Team Helper Bot 今天天气如何' } }), event({ ...single, conversation: 'wr1', text: '今天天气如何' }));
  bot.raw('a video', said({ msgtype: 'video', video: { url: 'https://x/2' } }), event({ ...single, text: '[video: video]', attachments: [['https://x/2', '', 'video', 0]] }));
  bot.raw('a kind nobody knows', said({ msgtype: 'location', location: {} }), event({ ...single, text: '', fixed_answer: cannotRead('“location”类型的消息', "a message of the kind 'location'") }));
  bot.raw('a request for more of an answer', said({ msgtype: 'stream', stream: { id: 'S' } }), ignored('unknown'));
  bot.raw('somebody enters', said({ msgtype: 'event', event: { eventtype: 'enter_chat' } }), ignored('joined'));
  bot.raw('a click on a card', said({ msgtype: 'event', event: { eventtype: 'template_card_event', template_card_event: { event_key: 'k' } } }), ignored('unknown'));
  bot.raw('an opinion on an answer', said({ msgtype: 'event', event: { eventtype: 'feedback_event', feedback_event: { id: 'f' } } }), ignored('unknown'));
  bot.raw('wrong kinds of values', JSON.stringify({ msgid: 1, from: [], msgtype: 'mixed', mixed: { msg_item: 3 } }), ignored('unknown'));
  bot.raw('no JSON', 'x', ignored('unreadable'));
  bot.raw('a message for an app', null, refused, { cipher: wecom.encrypt(aes, said({}), corp, Buffer.alloc(16, 'r')), stricter: true });
  bot.raw('another signature', said({}), refused, { query: { msg_signature: '0'.repeat(40), timestamp: SECONDS, nonce: '1' } });
  bot.done();
}

// --- DingTalk ----------------------------------------------------------------------------------------------------
// DingTalk's SDK has no function for this; the signature is as "Receive robot messages" says.
function dingtalk() {
  const secret = 'client-secret';
  const sign = (timestamp, key = secret) => crypto.createHmac('sha256', key).update(`${timestamp}\n${key}`).digest('base64');
  const vectors = [];
  const raw = (name, message, expected, { timestamp = String(NOW), headers } = {}) =>
    vectors.push({ name, now_ms: NOW, body: typeof message === 'string' ? message : JSON.stringify(message), headers: headers ?? { timestamp, sign: sign(timestamp) }, expected });
  const hook = 'https://oapi.dingtalk.com/robot/sendBySession?session=S';
  const said = (fields) => ({
    conversationId: 'cid1', chatbotCorpId: 'corp', chatbotUserId: '$:LWCP_v1:$bot', msgId: 'msg1', senderNick: '安娜', isAdmin: false, senderStaffId: 'anna',
    sessionWebhookExpiredTime: NOW + 5400000, createAt: NOW, senderCorpId: 'corp', conversationType: '1', senderId: '$:LWCP_v1:$anna', sessionWebhook: hook,
    robotCode: 'ding1', msgtype: 'text', text: { content: 'hello' }, ...fields,
  });
  const group = (fields) => said({ conversationType: '2', conversationTitle: '团队', isInAtList: true, atUsers: [{ dingtalkId: '$:LWCP_v1:$bot' }], ...fields });
  const address = (direct) => ({ conversation: 'cid1', user: 'anna', nick: '安娜', direct, webhook: hook, until: NOW + 5400000 });
  const one = { event_id: 'msg1', conversation: 'cid1', sender: 'anna', address: address(true) };
  const many = { ...one, address: address(false) };

  raw('a direct message', said({}), event({ ...one, text: 'hello' }));
  raw('Chinese and emoji', said({ text: { content: '你好 👋' } }), event({ ...one, text: '你好 👋' }));
  raw('a mention', group({ text: { content: ' 有什么新闻' } }), event({ ...many, text: '有什么新闻' }));
  raw('the same message with another time', said({ createAt: NOW + 77 }), event({ ...one, text: 'hello' }));
  raw('a mention that only the list of people tells', group({ isInAtList: undefined, text: { content: ' 有什么新闻' } }), event({ ...many, text: '有什么新闻' }));
  raw('a group message without a mention', group({ isInAtList: false }), ignored('not_addressed'));
  raw('a rich text', said({ msgtype: 'richText', text: undefined, content: { richText: [{ text: '看 ' }, { text: '这个' }] } }), event({ ...one, text: '看 这个' }));
  raw('a rich text with an image', group({ msgtype: 'richText', text: undefined, content: { richText: [{ text: '这是什么' }, { type: 'picture', downloadCode: 'D1' }] } }),
    event({ ...many, text: '这是什么\n[image: image]', attachments: [['D1', '', 'image', 0]] }));
  raw('a picture', said({ msgtype: 'picture', text: undefined, content: { downloadCode: 'D2' } }), event({ ...one, text: '[image: image]', attachments: [['D2', '', 'image', 0]] }));
  raw('a file', said({ msgtype: 'file', text: undefined, content: { downloadCode: 'D3', fileName: '报告.xlsx' } }), event({ ...one, text: '[file: 报告.xlsx]', attachments: [['D3', '报告.xlsx', 'file', 0]] }));
  raw('speech that was recognised', said({ msgtype: 'audio', text: undefined, content: { downloadCode: 'D4', recognition: '今天天气' } }), event({ ...one, text: '今天天气' }));
  raw('a reply', said({ text: { content: '总结一下', isReplyMsg: true, repliedMsg: { msgId: 'q', msgType: 'text', senderId: 'x', content: { text: '合同五月底到期' } } } }),
    event({ ...one, text: '总结一下\n\n[引用]\n> 合同五月底到期' }));
  raw('a forwarded record', said({ msgtype: 'chatRecord', text: undefined, content: { title: '聊天记录', summary: '["安娜:在吗"]', chatRecord: '[{"senderNick":"安娜","msgType":"text","content":"在吗"}]' } }),
    event({ ...one, text: '[chat record: 聊天记录]\n\n[引用 安娜]\n> 在吗' }));
  raw('speech that was not recognised', said({ msgtype: 'audio', text: undefined, content: { downloadCode: 'D4' } }), event({ ...one, text: '[audio: audio]', attachments: [['D4', '', 'audio', 0]] }));
  raw('a video', said({ msgtype: 'video', text: undefined, content: { downloadCode: 'D5' } }), event({ ...one, text: '[video: video]', attachments: [['D5', '', 'video', 0]] }));
  raw('somebody without a staff id', said({ senderStaffId: undefined }), event({ ...one, sender: '$:LWCP_v1:$anna', address: { ...address(true), user: '$:LWCP_v1:$anna' }, text: 'hello' }));
  raw("the bot's own message", said({ senderId: '$:LWCP_v1:$bot' }), ignored('bot_message'));
  raw('an empty message', said({ text: { content: ' ' } }), ignored('empty'));
  raw('a kind nobody knows', said({ msgtype: 'interactiveCard' }), event({ ...one, text: '', fixed_answer: cannotRead('卡片消息', 'a card') }));
  raw('a kind nobody knows, in a group without a mention', group({ msgtype: 'interactiveCard', isInAtList: false }), ignored('not_addressed'));
  raw('wrong kinds of values', { conversationId: 1, msgId: [], msgtype: 'text', text: 'x' }, ignored('unknown'));
  raw('no JSON', 'x', { error: 'invalid' });
  raw('another secret', said({}), refused, { headers: { timestamp: String(NOW), sign: sign(String(NOW), 'another') } });
  raw('the signature of another time', said({}), refused, { headers: { timestamp: String(NOW), sign: sign(String(NOW - 1000)) } });
  raw('a stale timestamp', said({}), refused, { timestamp: String(NOW - 300001) });
  raw('a timestamp at the limit', said({}), event({ ...one, text: 'hello' }), { timestamp: String(NOW - 300000) });
  raw('a timestamp that is no number', said({}), refused, { timestamp: 'x' });
  raw('no headers', said({}), refused, { headers: {} });
  write('dingtalk', { type: 'dingtalk', client_id: 'ding1', client_secret: secret }, vectors);
}

// --- Discord -----------------------------------------------------------------------------------------------------
async function discord() {
  const seed = Buffer.alloc(32, 3);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = crypto.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const publicKey = crypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const sign = (body, timestamp = SECONDS) => crypto.sign(null, Buffer.from(timestamp + body), privateKey).toString('hex');
  const vectors = [];
  const raw = async (name, message, expected, { timestamp = SECONDS, signature, headers, stricter } = {}) => {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    headers ??= { 'X-Signature-Timestamp': timestamp, 'X-Signature-Ed25519': signature ?? sign(body, timestamp) };
    const vector = { name, now_ms: NOW, body, headers, expected, ...(stricter && { stricter }) };
    check('discord', vector, await verifyKey(body, headers['X-Signature-Ed25519'] ?? '', headers['X-Signature-Timestamp'] ?? '', publicKey));
    vectors.push(vector);
  };
  const command = (fields) => ({ id: 'i1', application_id: '99', type: 2, token: 'tok', version: 1, channel_id: 'c1', channel: { id: 'c1', type: 1 }, user: { id: 'u1', username: 'anna' },
    data: { id: 'd', name: 'ask', type: 1, options: [{ name: 'question', type: 3, value: 'hello' }] }, ...fields });
  const inGuild = (fields) => command({ guild_id: 'g1', user: undefined, member: { user: { id: 'u1', username: 'anna' } }, ...fields });
  const options = (...values) => ({ data: { id: 'd', name: 'ask', type: 1, options: values.map((value, i) => ({ name: `o${i}`, type: 3, value })) } });
  const asked = { event_id: 'i1', conversation: 'c1', sender: 'u1', address: { channel: 'c1', interaction: 'tok', until: NOW + 840000 } };
  const deferred = (text, more = {}) => ({ event: { ...asked, text, ...more }, status: 200, body: '{"type":5}' });

  await raw('a ping', { id: 'p', application_id: '99', type: 1, token: 't', version: 1 }, handshake('{"type":1}'));
  await raw('a ping of webhook events', { version: 1, application_id: '99', type: 0 }, handshake('', 204));
  await raw('a webhook event', { version: 1, application_id: '99', type: 1, event: { type: 'APPLICATION_AUTHORIZED', timestamp: 'x' } }, { outcome: 'unknown', status: 204, body: '' });
  await raw('a command', command({}), deferred('hello'));
  await raw('a command in a guild', inGuild({}), deferred('hello'));
  await raw('Chinese and emoji', command(options('你好 👋')), deferred('你好 👋'));
  await raw('two options', command(options('summarise', 'this')), deferred('summarise this'));
  await raw('a number and a flag', command(options(5, true)), deferred('5 true'));
  await raw('a command without options', command({ data: { id: 'd', name: 'help', type: 1 } }), deferred('/help'));
  await raw('an option without a value', command({ data: { id: 'd', name: 'ask', options: [{ name: 'sub', type: 1 }] } }), deferred('/ask'));
  const told = (body) => ({ outcome: 'unknown', status: 200, body });
  await raw('a button', command({ type: 3, data: { component_type: 2, custom_id: 'b' }, message: { id: 'm' } }), told('{"type":6}'));
  await raw('a form', command({ type: 5, data: { custom_id: 'f', components: [] } }), told('{"type":6}'));
  await raw('autocompletion', command({ type: 4 }), told('{"data":{"choices":[]},"type":8}'));
  await raw('an interaction nobody knows', command({ type: 77 }), { error: 'invalid' });
  const asking = (options, resolved = {}, more = {}) => command({ data: { id: 'd', name: 'ask', type: 1, options, resolved }, ...more });
  await raw('a subcommand', asking([{ name: 'question', type: 1, options: [{ name: 'text', type: 3, value: 'when?' }] }]), deferred('when?'));
  await raw('a subcommand in a group', asking([{ name: 'g', type: 2, options: [{ name: 's', type: 1, options: [{ name: 'a', type: 3, value: 'when' }, { name: 'b', type: 4, value: 5 }] }] }]), deferred('when 5'));
  await raw('options that are nested without end', asking([{ name: 'a', options: [{ name: 'b', options: [{ name: 'c', options: [{ name: 'd', value: 'deep' }] }] }] }]), deferred('/ask'));
  const people = { users: { 7: { id: '7', username: 'bob' } }, roles: { 8: { id: '8', name: 'Sales' } }, channels: { 9: { id: '9', name: 'general' } } };
  await raw('a person, a channel and a role', asking([{ name: 'a', type: 6, value: '7' }, { name: 'b', type: 7, value: '9' }, { name: 'c', type: 8, value: '8' }, { name: 'd', type: 9, value: '8' }, { name: 'e', type: 9, value: '7' }], people), deferred('@bob #general @Sales @Sales @bob'));
  await raw('a person nobody tells of', asking([{ name: 'a', type: 6, value: '7' }]), deferred('@7'));
  const file = { id: 'a1', filename: '笔记.txt', size: 12, url: 'https://cdn.discordapp.com/a/n.txt', content_type: 'text/plain' };
  await raw('a file', asking([{ name: 'f', type: 11, value: 'a1' }, { name: 'q', type: 3, value: 'what is in it?' }], { attachments: { a1: file } }),
    deferred('what is in it?\n[file: 笔记.txt]', { attachments: [[file.url, '笔记.txt', 'file', 12]] }));
  await raw('a file alone', asking([{ name: 'f', type: 11, value: 'a1' }], { attachments: { a1: file } }), deferred('[file: 笔记.txt]', { attachments: [[file.url, '笔记.txt', 'file', 12]] }));
  await raw('options of wrong kinds', asking([5, null, { name: 'a', value: [1] }, { name: 'b', value: null }, { name: 'c', type: 'x', value: 'ok' }], []), deferred('ok'));
  await raw("one of the bot's own commands", command({ data: { id: 'd', name: 'model', type: 1, options: [{ name: 'name', type: 3, value: 'small' }] } }), deferred('/model small'));
  const summarize = (message) => command({ data: { id: 'd', name: 'Summarize', type: 3, target_id: 'm9', resolved: { messages: { m9: message } } } });
  await raw('a command on a message', summarize({ id: 'm9', author: { id: '7', username: 'bob', global_name: 'Bob' }, content: 'Ends in\nMay <@7>.', mentions: [{ id: '7', username: 'bob' }], attachments: [file] }),
    deferred('Summarize\n[file: 笔记.txt]\n\n[引用 Bob]\n> Ends in\n> May @bob.', { attachments: [[file.url, '笔记.txt', 'file', 12]] }));
  await raw('a command on a message that is not told', command({ data: { id: 'd', name: 'Summarize', type: 3, target_id: 'm9' } }), deferred('Summarize'));
  await raw('a command on a person', command({ data: { id: 'd', name: 'Introduce', type: 2, target_id: '7', resolved: people } }), deferred('Introduce @bob'));
  await raw('a command in a thread', inGuild({ channel: { id: 'c1', type: 11, parent_id: 'p1' } }), deferred('hello', { address: { ...asked.address, parent: 'p1' } }));
  await raw("a command in a channel, whose parent is a category", inGuild({ channel: { id: 'c1', type: 0, parent_id: 'p1' } }), deferred('hello'));
  await raw('a type that is a text', command({ type: 'x' }), { error: 'invalid' });
  await raw('wrong kinds of values', { type: 2, id: 7, channel_id: [], data: 'x', user: 3 }, { outcome: 'unknown' });
  await raw('a member that is a text', command({ member: 'x', guild_id: 'g1' }), deferred('hello', { sender: '' }));
  await raw('no JSON', 'x', { error: 'invalid' });
  await raw('an array', '[]', { error: 'invalid' });
  await raw('a tampered body', command({}), refused, { signature: sign('{}') });
  await raw('another timestamp', command({}), refused, { headers: { 'X-Signature-Timestamp': String(NOW / 1000 + 1), 'X-Signature-Ed25519': sign(JSON.stringify(command({}))) } });
  await raw('a signature that is no hex', command({}), refused, { signature: 'z'.repeat(128) });
  await raw('a signature that is too short', command({}), refused, { signature: sign(JSON.stringify(command({}))).slice(0, 126) });
  await raw('a stale timestamp', command({}), refused, { timestamp: String(NOW / 1000 - 301), stricter: true });
  await raw('no headers', command({}), refused, { headers: {} });
  write('discord', { type: 'discord', application_id: '99', public_key: publicKey, bot_token: 'b' }, vectors);
}

slack();
telegram();
await feishu();
wecomApp();
dingtalk();
await discord();
