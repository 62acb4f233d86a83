// One reply on its way through its lane.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "gateway/delivery.h"
#include "store/kept_write.h"

namespace ai_bot {

// One step at a time, each on whatever thread the one before it ended.
class Deliverer::Attempt : public std::enable_shared_from_this<Deliverer::Attempt> {
 public:
  Attempt(Deliverer& deliverer, int64_t id) : deliverer_(deliverer), id_(id) {}

  // The turn of its lane, again and again until the reply is done with.
  void begin(Lanes::Finish finish);

 private:
  // What came of it, while that is not on disk.
  struct Unwritten {
    Delivery delivery;
    std::optional<milliseconds> wait;  // until it is tried again
    int cut_off = 0;                   // later parts that are buried with it
    KeptWrite kept = {};
  };

  // Runs a step that nobody above would miss: it ends the turn when it throws.
  void guard(const std::function<void()>& step);
  // Runs what may crash or throw because of what is in this very reply; none when it threw, and the
  // attempt has failed.
  template <class Work>
  auto tried(Work work) -> std::optional<std::invoke_result_t<Work>>;
  void broke(const std::string& why);

  void look();
  void send();
  void send_with(const Result<std::string>& token);
  void came(const Result<HttpReply>& response, const std::string& token);
  void judge(Delivery delivery);
  void retract_draft(const std::string& token);
  void settle(Delivery delivery);
  void write_down();
  void write(Transaction& transaction, int64_t next_ms);
  void written(const Result<void>& result);
  // The operator and, where there is more to be sent now, the deliverer.
  void tell(const Unwritten& done);
  void tell_of_credentials(const Delivery& delivery);
  // None: it is done with.
  void end(std::optional<milliseconds> wait);

  Deliverer& deliverer_;
  const int64_t id_;
  Lanes::Finish finish_;  // of this turn; empty between two
  std::optional<UnderWay::Leave> leave_;
  Outbox::Entry entry_;
  Reply reply_;  // as it is sent now
  const ChannelEntry* channel_ = nullptr;
  int sends_ = 0;
  std::string gone_draft_;  // that the reply could not take the place of
  std::optional<Unwritten> unwritten_;
};

}  // namespace ai_bot
