#include "cli/cli.h"

int main(int argc, char** argv) { return ai_bot::run_cli(argc, argv); }
