// What ai_bot asks of each platform, in the platform's own types. tests/e2e/test_request_types.py checks with them what it
// really sends. Types that official packages do not have are marked "documented": they are written after the page named.
import type * as card from "@alicloud/dingtalk/dist/card_1_0/client.js";
import type * as gateway from "@alicloud/dingtalk/dist/gateway_1_0/client.js";
import type * as oauth from "@alicloud/dingtalk/dist/oauth2_1_0/client.js";
import type * as robot from "@alicloud/dingtalk/dist/robot_1_0/client.js";
import type { ApiMethods } from "@grammyjs/types";
import type { Client } from "@larksuiteoapi/node-sdk";
import type * as slack from "@slack/web-api";
import type { SendMsgBody } from "@wecom/aibot-node-sdk";
import type * as discord from "discord-api-types/v10";

export type DiscordMessage = discord.RESTPostAPIChannelMessageJSONBody;
export type DiscordEdit = discord.RESTPatchAPIChannelMessageJSONBody;
export type DiscordOriginal = discord.RESTPatchAPIInteractionOriginalResponseJSONBody;
export type DiscordFollowUp = discord.RESTPostAPIInteractionFollowupJSONBody;
export type DiscordFrame = discord.GatewaySendPayload;
export type DiscordResponse = discord.APIInteractionResponse;

type Telegram<M extends keyof ApiMethods<never>> = NonNullable<Parameters<ApiMethods<never>[M]>[0]>;
export type TelegramMessage = Telegram<"sendMessage">;
export type TelegramEdit = Telegram<"editMessageText">;
export type TelegramDelete = Telegram<"deleteMessage">;
export type TelegramPressed = Telegram<"answerCallbackQuery">;
export type TelegramAction = Telegram<"sendChatAction">;
export type TelegramPoll = Telegram<"getUpdates">;
export type TelegramFile = Telegram<"getFile">;
export type TelegramCommands = Telegram<"setMyCommands">;

export type SlackMessage = slack.ChatPostMessageArguments;
export type SlackUpdate = slack.ChatUpdateArguments;
export type SlackDelete = slack.ChatDeleteArguments;
export type SlackFile = slack.FilesInfoArguments;
export type SlackTest = slack.AuthTestArguments;
export type SlackConnection = slack.AppsConnectionsOpenArguments;

type Feishu<F extends (...of: never[]) => unknown> = NonNullable<Parameters<F>[0]>;
type Messages = Client["im"]["message"];
export type FeishuMessage = Feishu<Messages["create"]>;
export type FeishuReply = Feishu<Messages["reply"]>;
export type FeishuPatch = Feishu<Messages["patch"]>;
export type FeishuDelete = Feishu<Messages["delete"]>;
export type FeishuGet = Feishu<Messages["get"]>;
export type FeishuResource = Feishu<Client["im"]["messageResource"]["get"]>;
export type FeishuToken = Feishu<Client["auth"]["tenantAccessToken"]["internal"]>;
// Documented: WSClient of @larksuiteoapi/node-sdk asks for it, and exports no type.
export type FeishuConnection = { data: { AppID: string; AppSecret: string } };

// The fields of a request's class, without its methods and the index signature that lets everything in.
type Named<K, V> = string extends K ? never : number extends K ? never : V extends Function ? never : K;
type Fields<T> = T extends (infer U)[] ? Fields<U>[] : T extends object ? { [K in keyof T as Named<K, T[K]>]: Fields<T[K]> } : T;
export type DingTalkToken = Fields<oauth.GetAccessTokenRequest>;
export type DingTalkToPeople = Fields<robot.BatchSendOTORequest>;
export type DingTalkToGroup = Fields<robot.OrgGroupSendRequest>;
export type DingTalkRecallFromPeople = Fields<robot.BatchRecallOTORequest>;
export type DingTalkRecallFromGroup = Fields<robot.OrgGroupRecallRequest>;
export type DingTalkFile = Fields<robot.RobotMessageFileDownloadRequest>;
export type DingTalkCard = Fields<card.CreateAndDeliverRequest>;
export type DingTalkStreaming = Fields<card.StreamingUpdateRequest>;
export type DingTalkUpdate = Fields<card.UpdateCardRequest>;
// `ua` is sent by dingtalk-stream itself, and lacks in the types of the API.
export type DingTalkConnection = Fields<gateway.OpenConnectionRequest> & { ua?: string };
// Documented ("自定义机器人发送消息的消息类型": open.dingtalk.com/document/robots/custom-robot-access).
export type DingTalkSession = {
  msgtype: "markdown";
  markdown: { title: string; text: string };
  at?: { atUserIds?: string[]; atMobiles?: string[]; isAtAll?: boolean };
};

export type WeComBot = SendMsgBody;
// Documented ("发送应用消息", markdown: developer.work.weixin.qq.com/document/path/90236).
export type WeComMessage = {
  touser?: string;
  toparty?: string;
  totag?: string;
  msgtype: "markdown";
  agentid: number;
  markdown: { content: string };
  enable_duplicate_check?: 0 | 1;
  duplicate_check_interval?: number;
};
export type Query = Record<string, string>;
