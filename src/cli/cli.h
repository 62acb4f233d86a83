// The command line: `ai_bot serve | chat | model | config | doctor | version | completion`.
#pragma once

namespace ai_bot {

// Exit codes: 0 done, 1 it failed or something was found, 2 the command line was wrong.
int run_cli(int argc, char** argv);

}  // namespace ai_bot
