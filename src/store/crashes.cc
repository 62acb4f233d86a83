// What a crash notes about the entry its thread worked on.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "store/under_way.h"
#include "store/under_way_slot.h"

namespace ai_bot {
namespace {

constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr size_t kStackForHandlers = 65536;  // more than any processor saves there

thread_local UnderWay::Slot* slot_of_this_thread = nullptr;
std::array<struct sigaction, 65> former{};

// Only async-signal-safe calls.
void on_crash(int signal, siginfo_t* info, void*) {
  // Sent by the kernel for what the thread did, or by abort(); not by another process.
  const bool is_own = info->si_code > 0 || (info->si_code == SI_TKILL && info->si_pid == getpid());
  if (is_own && slot_of_this_thread != nullptr) slot_of_this_thread->struck = 1;
  sigaction(signal, &former[static_cast<size_t>(signal)], nullptr);
  // What the kernel sent comes again when the instruction is repeated, abort() raises it again.
  if (!is_own) raise(signal);
}

// A stack for the handler, where the thread's own has overflown.
struct HandlerStack {
  HandlerStack() {
    stack_t present{};
    // Sanitizers bring one of their own.
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    memory = std::make_unique<char[]>(kStackForHandlers);
    stack_t stack{};
    stack.ss_sp = memory.get();
    stack.ss_size = kStackForHandlers;
    sigaltstack(&stack, nullptr);
  }
  ~HandlerStack() {
    if (!memory) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  std::unique_ptr<char[]> memory;
};

}  // namespace

void UnderWay::watch_crashes() {
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : kFatal) sigaction(signal, &action, &former[static_cast<size_t>(signal)]);
}

UnderWay::Ticket::Scope::Scope(const Ticket& ticket) : before_(slot_of_this_thread) {
  thread_local const HandlerStack stack;
  slot_of_this_thread = ticket.slot_;
}

UnderWay::Ticket::Scope::~Scope() { slot_of_this_thread = before_; }

}  // namespace ai_bot
