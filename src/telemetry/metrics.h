// What Prometheus gets to see. Names follow its conventions (unit in the name, _total for
// counters); all begin with ai_bot_.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"

namespace ai_bot {

class Metrics {
 public:
  Metrics();

  void http_request(const std::string& route, const std::string& method, int status,
                    double seconds);
  void event(const std::string& channel,
             const char* outcome);    // accepted, duplicate, refused, full
  void acknowledged(double seconds);  // from the request to its commit
  // `outcome`: "ok" or the name of an error's code.
  void model_attempt(const std::string& model, const char* outcome, double seconds);
  void model_answer(const std::string& model, double first_token_seconds, double tokens_per_second,
                    int64_t prompt_tokens, int64_t completion_tokens);
  void delivery(const std::string& channel, const char* outcome);  // delivered, retried, dead

  // A value that is asked for at each scrape.
  struct Sample {
    std::string name;
    std::string help;
    std::vector<std::pair<std::string, std::string>> labels;
    double value;
  };
  using Sampler = std::function<std::vector<Sample>()>;
  void add_sampler(Sampler sampler) { samplers_.push_back(std::move(sampler)); }

  // The exposition, text format 0.0.4.
  std::string text();

 private:
  template <class T>
  using Family = prometheus::Family<T>&;

  // The metrics of a family by a text of their labels. The family's own Add() makes labels and a
  // metric anew at each call, only to find the one it has: too dear for what every request counts.
  template <class T>
  class Known {
   public:
    template <class Add>
    T& get(const std::string& labels, const Add& add) {
      MutexLock lock(mutex_);
      T*& metric = metrics_[labels];
      if (metric == nullptr) metric = &add();
      return *metric;
    }

   private:
    Mutex mutex_;
    std::unordered_map<std::string, T*> metrics_ GUARDED_BY(mutex_);
  };

  prometheus::Registry registry_;
  Family<prometheus::Counter> requests_;
  Family<prometheus::Histogram> request_seconds_;
  Known<prometheus::Counter> known_requests_;
  Known<prometheus::Histogram> known_request_seconds_;
  Family<prometheus::Counter> events_;
  Known<prometheus::Counter> known_events_;
  prometheus::Histogram& acknowledged_;
  Family<prometheus::Counter> attempts_;
  Family<prometheus::Histogram> attempt_seconds_;
  Family<prometheus::Histogram> first_token_;
  Family<prometheus::Histogram> token_rate_;
  Family<prometheus::Counter> tokens_;
  Family<prometheus::Counter> deliveries_;
  std::vector<Sampler> samplers_;
};

// Memory, processor time, open files, threads and start time of this process, by the names
// Prometheus's own client libraries use (process_*).
std::vector<Metrics::Sample> process_samples();

}  // namespace ai_bot
