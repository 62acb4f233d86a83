#include "assistant/texts.h"

namespace ai_bot::texts {
namespace {

const Text kRefused{
    "The model's provider refused this message; the operator finds the reason in the log. If it "
    "goes on, /new begins a new conversation.",
    "模型服务方拒绝了这条消息，管理员可在日志中查看原因。如果持续出现，可用 /new 开始新的对话。"};
const Text kTooLong{"This message is too long for the model. Please shorten it.",
                    "这条消息超出了模型的长度限制，请缩短后再发。"};

}  // namespace

const Text kPostponed{
    "Sorry, no model can answer right now. Your message is kept and will be answered as soon as "
    "one works again.",
    "抱歉，目前没有可用的模型。您的消息已保存，模型恢复后会立即回答。"};
const Text kGivenUp{"Sorry, no model could answer this message in time. Please send it again.",
                    "抱歉，模型未能及时回答这条消息，请重新发送。"};
const Text kGuideStandsIn{
    "(The model you chose is not available: this is the small built-in guide.)\n",
    "（您选择的模型暂不可用，由内置的小向导代为回答。）\n"};
const Text kNothing{"(The model gave no answer.)", "（模型没有给出回答。）"};
const Text kStopped{"(stopped)", "（已停止）"};
const Text kCut{"(The answer was longer than is allowed here and ends here.)",
                "（回答超出了允许的长度，到此为止。）"};

const Text* final_reason(Code code) {
  if (code == Code::kContextOverflow) return &kTooLong;
  return code == Code::kInvalid || code == Code::kNotFound ? &kRefused : nullptr;
}

std::string in_language_of(const Text& text, const std::string& question) {
  return text.in(language_of(question));
}

}  // namespace ai_bot::texts
