#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <ftxui/component/component.hpp>
#include <ftxui/component/component_options.hpp>
#include <ftxui/component/screen_interactive.hpp>
#include <future>
#include <iostream>
#include <iterator>

#include "api/openai.h"
#include "cli/command.h"
#include "cli/running_server.h"
#include "cli/terminal.h"
#include "core/id.h"
#include "core/json.h"
#include "core/utf8.h"
#include "net/http_client.h"
#include "net/sse_reader.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using terminal::Colour;

constexpr int kConversationBytes = 8;
volatile sig_atomic_t interrupted = 0;

struct ChatOptions {
  std::string url;
  std::string model;
  std::string conversation;
  std::vector<std::string> words;
};

// One conversation with a server.
class Talk {
 public:
  Talk(const Cli& cli, ChatOptions options) : cli_(cli), options_(std::move(options)) {
    while (options_.url.ends_with('/')) options_.url.pop_back();
    if (options_.conversation.empty())
      options_.conversation = "terminal-" + random_hex(kConversationBytes);
  }

  // Prints the answer as it comes; the error is that of the server or the way to it.
  Result<void> ask(const std::string& question) {
    HttpRequest request = request_for("/v1/chat/completions");
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back(kConversationHeader, options_.conversation);
    json body = {{"stream", true}, {"messages", {{{"role", "user"}, {"content", question}}}}};
    if (!options_.model.empty()) body["model"] = options_.model;
    request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    std::optional<Error> failure;
    SseReader reader([&](std::string_view data) { print(data, failure); });
    HttpStream stream;
    stream.on_data = [&](std::string_view bytes) {
      return reader.feed(bytes) ? Received::kProgress : Received::kAbort;
    };
    stream.abandoned = [] { return interrupted != 0; };
    auto promise = std::make_shared<std::promise<Result<HttpReply>>>();
    auto future = promise->get_future();
    stream.on_done = [promise](Result<HttpReply> reply) { promise->set_value(std::move(reply)); };
    http_.start(std::move(request), std::move(stream));
    const auto reply = future.get();
    if (failure) return fail(*failure);
    if (!reply) return unreachable(reply.error());
    if (reply->status == 200) return {};
    return refused(*reply);
  }

  // What answers, in one line; nothing when the server does not say.
  std::string greeting() {
    const auto reply = http_.fetch(request_for("/api/health"));
    const json health = reply ? parse_json(reply->body) : json();
    if (!health.is_object() || !health.contains("models")) return "";
    std::string line;
    bool guide = false;
    for (const json& model : health["models"]) {
      line += (line.empty() ? "" : ", ") + text_or(model, "name") + " (" + text_or(model, "state") +
              ")";
      guide |= flag_or(model, "guide");
    }
    line = cli_.tr("Answering: ", "回答模型：") + line;
    if (guide) {
      line += cli_.tr(
          "\nThis is the small built-in guide: it knows ai_bot only. Add a larger model: ai_bot "
          "model use FILE.gguf",
          "\n这是内置的小向导，只了解 ai_bot 本身。添加更大的模型：ai_bot model use 文件.gguf");
    }
    return line;
  }

 private:
  HttpRequest request_for(const std::string& path) const {
    HttpRequest request;
    request.url = options_.url + path;
    request.headers = {{"Accept-Language", cli_.tr("en", "zh")}};
    request.timeouts = {milliseconds(5000), milliseconds(310000), milliseconds(310000),
                        milliseconds(3600000)};
    return request;
  }

  static void print(std::string_view data, std::optional<Error>& failure) {
    const json chunk = parse_json(data);
    if (!chunk.is_object()) return;  // "[DONE]"
    if (chunk.contains("error")) {
      const std::string message = text_or(chunk["error"], "message", "?");
      failure = Error{Code::kUnavailable, {message, message}};
      return;
    }
    // Foreign text must not steer the terminal.
    for (const char c : delta_text(chunk)) {
      if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') std::cout.put(c);
    }
    std::cout.flush();
  }

  Result<void> unreachable(const Error& error) const {
    if (error.code == Code::kCancelled) return fail(error);
    return fail(
        error.code,
        fmt::format(
            "no ai_bot answers at {}: {}. Start it with `ai_bot serve`, or name another with --url",
            options_.url, error.text.en),
        fmt::format("{} 没有响应：{}。请用 `ai_bot serve` 启动，或用 --url 指定其他地址",
                    options_.url, error.text.zh));
  }

  static Result<void> refused(const HttpReply& reply) {
    const json body = parse_json(reply.body);
    std::string message = fmt::format("HTTP {}", reply.status);
    if (body.is_object() && body.contains("error") && body["error"].is_object())
      message = text_or(body["error"], "message", message);
    return fail(Code::kUnavailable, message, message);
  }

  const Cli& cli_;
  ChatOptions options_;
  HttpClient http_;
};

// One line from a person, edited in place; no value at the end of input (Ctrl-D, Ctrl-C).
std::optional<std::string> read_line(const Cli& cli, std::vector<std::string>& history) {
  using namespace ftxui;
  auto screen = ScreenInteractive::TerminalOutput();
  std::string line;
  bool ended = false;
  size_t at = history.size();
  InputOption option;
  option.multiline = false;
  option.placeholder = cli.tr("Ask something, /help for commands, Ctrl-D to leave",
                              "请输入问题，/帮助 查看命令，Ctrl-D 退出");
  option.on_enter = screen.ExitLoopClosure();
  option.transform = [](InputState state) {
    if (state.is_placeholder) state.element |= dim;
    return state.element;
  };
  int cursor = 0;
  option.cursor_position = &cursor;
  Component input = Input(&line, option);
  input |= CatchEvent([&](const ftxui::Event& event) {
    if (event == ftxui::Event::CtrlC || (event == ftxui::Event::CtrlD && line.empty())) {
      ended = true;
      screen.Exit();
      return true;
    }
    const bool up = event == ftxui::Event::ArrowUp && at > 0;
    const bool down = event == ftxui::Event::ArrowDown && at < history.size();
    if (!up && !down) return false;
    at += up ? -1 : 1;
    line = at < history.size() ? history[at] : "";
    cursor = static_cast<int>(line.size());
    return true;
  });
  auto shown = Renderer(input, [&] {
    return hbox({text("› ") | bold | color(Color::Cyan), input->Render() | flex});
  });
  screen.Loop(shown);
  if (ended) return std::nullopt;
  if (!trim(line).empty()) history.push_back(line);
  return line;
}

void chat_on_terminal(Cli& cli, Talk& talk) {
  std::cout << terminal::coloured(Colour::kDim, talk.greeting()) << "\n\n";
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  std::vector<std::string> history;
  while (const auto line = read_line(cli, history)) {
    const std::string question(trim(*line));
    if (question.empty()) continue;
    if (question == "/quit" || question == "/exit" || question == "/退出") break;
    interrupted = 0;
    sigaction(SIGINT, &action, nullptr);  // Ctrl-C stops the answer, not the chat
    const auto asked = talk.ask(question);
    signal(SIGINT, SIG_DFL);
    if (!asked && interrupted != 0) {
      std::cout << terminal::coloured(Colour::kDim, cli.tr(" (stopped)", "（已停止）"));
    } else if (!asked) {
      std::cout << terminal::coloured(Colour::kRed, cli.tr(asked.error().text));
    }
    std::cout << "\n\n";
  }
  std::cout << "\n";
}

void chat(Cli& cli, ChatOptions options) {
  if (options.url.empty()) {
    const auto config = cli.load_config();
    if (!config) {
      cli.exit_code = 1;
      return;
    }
    options.url = RunningServer(cli, *config).url();
  }
  std::string question = fmt::format("{}", fmt::join(options.words, " "));
  Talk talk(cli, options);
  const bool interactive =
      terminal::is_terminal(STDIN_FILENO) && terminal::is_terminal(STDOUT_FILENO);
  if (question.empty() && interactive) return chat_on_terminal(cli, talk);
  if (question.empty()) question = std::string(std::istreambuf_iterator<char>(std::cin), {});
  question = trim(question);
  if (question.empty())
    return cli.fail({"there is no question: give one as argument or on standard input",
                     "没有问题：请作为参数或从标准输入提供"});
  const auto asked = talk.ask(question);
  if (!asked) return cli.fail(asked.error().text);
  std::cout << "\n";
}

}  // namespace

void add_chat(CLI::App& app, Cli& cli) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App* command =
      add_command(app, cli, "chat",
                  {"Talk with the assistant: in the terminal, or one question from a pipe",
                   "与助手对话：在终端里，或从管道读取一个问题"},
                  [&cli, options] { chat(cli, *options); });
  command->add_option(
      "--url", options->url,
      cli.tr("Server (default: the one that runs here)", "服务器地址（默认为本机运行的服务器）"));
  command->add_option("-m,--model", options->model, cli.tr("Model or tier", "模型或层级"));
  command->add_option("--conversation", options->conversation,
                      cli.tr("Name of a conversation to go on with", "要继续的会话名称"));
  command->add_option("question", options->words,
                      cli.tr("Ask this, print the answer and end", "提出该问题，打印回答后结束"));
}

}  // namespace ai_bot
