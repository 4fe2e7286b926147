#include "data/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

// Numbers that decide what the kinds are, and those that decide the examples made of them, are
// separate sequences: more examples are then more of the same.
constexpr uint32_t kExampleStep = 0;
constexpr uint32_t kKindStep = 1;
constexpr uint32_t kRelabelStep = 2;

template <class Value>
using NamedValue = std::pair<const char*, Value>;

constexpr std::array<NamedValue<NoiseKind>, 4> kKinds{{{"clean", NoiseKind::kClean},
                                                       {"blank", NoiseKind::kBlank},
                                                       {"diverse", NoiseKind::kDiverse},
                                                       {"class", NoiseKind::kClass}}};
constexpr std::array<NamedValue<NoiseForm>, 2> kForms{
    {{"paper", NoiseForm::kPaper}, {"released", NoiseForm::kReleased}}};
constexpr std::array<NamedValue<Relabel>, 2> kRelabels{
    {{"copy", Relabel::kCopy}, {"image", Relabel::kImage}}};

template <class Value, std::size_t count>
Value parse(const char* what, const std::string& text,
            const std::array<NamedValue<Value>, count>& known) {
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    if (text == known[i].first) return known[i].second;
    names += (i == 0 ? "" : i + 1 < count ? ", " : " or ") + std::string(known[i].first);
  }
  fail_usage("unknown {} '{}'; expected {}", what, text, names);
}

template <class Value, std::size_t count>
std::string name_of(Value value, const std::array<NamedValue<Value>, count>& known) {
  const auto* found = std::find_if(known.begin(), known.end(),
                                   [&](const auto& named) { return named.second == value; });
  return found->first;
}

/// A pool in the making.
class PoolBuilder {
 public:
  PoolBuilder(Dataset& dataset, const NoiseConfig& config, uint64_t seed)
      : dataset_(dataset),
        config_(config),
        classes_(static_cast<uint32_t>(dataset.classes())),
        examples_(stream(seed, kExampleStep)),
        kinds_(stream(seed, kKindStep)),
        relabels_(stream(seed, kRelabelStep)),
        table_(clean_pool(dataset.train)),
        count_(noisy_count(config, table_.size())) {
    table_.reserve(table_.size() + count_);
  }

  ExampleTable add_blank() {
    const int32_t black = append_solid_sample({0, 0, 0});
    for (int64_t i = 0; i < count_; ++i) {
      table_.append(black, any_label(examples_), Origin::kNoisy);
    }
    return std::move(table_);
  }

  ExampleTable add_diverse() {
    const int64_t most_labels = dataset_.classes();
    if (config_.labels_per_colour < 1 || config_.labels_per_colour > most_labels) {
      fail_usage("{} labels per colour; expected 1 to {}, the number of classes",
                 config_.labels_per_colour, most_labels);
    }
    const std::vector<Colour> colours = draw_colours();
    std::vector<std::vector<int64_t>> labels;
    const auto first = static_cast<int32_t>(dataset_.train.size());
    for (const Colour& colour : colours) {
      append_solid_sample(colour);
      labels.push_back(kinds_.sample_without_replacement(classes_, config_.labels_per_colour));
    }
    for (int64_t i = 0; i < count_; ++i) {
      const uint32_t kind = examples_.below(static_cast<uint32_t>(colours.size()));
      const std::vector<int64_t>& own = labels[kind];
      const uint32_t label = examples_.below(static_cast<uint32_t>(own.size()));
      table_.append(first + static_cast<int32_t>(kind), static_cast<int32_t>(own[label]),
                    Origin::kNoisy);
    }
    return std::move(table_);
  }

  ExampleTable add_class() {
    const std::vector<int32_t> members = members_of_class();
    if (config_.kinds < 1 || config_.kinds > std::ssize(members)) {
      fail_usage("{} kinds of images of class {}; expected 1 to {}, the images it has",
                 config_.kinds, config_.noisy_class, members.size());
    }
    std::vector<int32_t> images;
    if (config_.form == NoiseForm::kReleased) {
      for (const int32_t member : members) {
        table_.label[static_cast<std::size_t>(member)] = any_label(relabels_);
        table_.origin[static_cast<std::size_t>(member)] = Origin::kRelabelled;
      }
      images.assign(members.begin(), members.begin() + config_.kinds);
    } else {
      for (const int64_t i :
           kinds_.sample_without_replacement(std::ssize(members), config_.kinds)) {
        images.push_back(members[static_cast<std::size_t>(i)]);
      }
    }
    std::vector<int32_t> shared;  // where all copies of an image have one label
    for (const int32_t image : images) {
      shared.push_back(config_.form == NoiseForm::kReleased
                           ? table_.label[static_cast<std::size_t>(image)]
                           : any_label(relabels_));
    }
    for (int64_t i = 0; i < count_; ++i) {
      const uint32_t kind = examples_.below(static_cast<uint32_t>(images.size()));
      const int32_t label = config_.relabel == Relabel::kCopy ? any_label(examples_) : shared[kind];
      table_.append(images[kind], label, Origin::kNoisy);
    }
    return std::move(table_);
  }

 private:
  using Colour = std::array<uint8_t, 3>;

  static RandomStream stream(uint64_t seed, uint32_t step) {
    return RandomStream(RandomKey{.seed = seed, .purpose = RandomPurpose::kNoise, .step = step});
  }

  int32_t any_label(RandomStream& random) const {
    return static_cast<int32_t>(random.below(classes_));
  }

  std::vector<Colour> draw_colours() {
    constexpr int64_t kMostKinds = 1 << 20;
    if (config_.kinds < 1 || config_.kinds > kMostKinds) {
      fail_usage("{} kinds of colours; expected 1 to {}", config_.kinds, kMostKinds);
    }
    const bool released = config_.form == NoiseForm::kReleased;
    std::vector<Colour> colours;
    std::set<Colour> taken;
    while (std::ssize(colours) < config_.kinds) {
      Colour colour;
      for (uint8_t& channel : colour) {
        channel = static_cast<uint8_t>(kinds_.below(released ? 255 : 256));
      }
      if (taken.insert(colour).second || released) colours.push_back(colour);
    }
    return colours;
  }

  int32_t append_solid_sample(const Colour& colour) {
    auto& pixels = std::get<std::vector<uint8_t>>(dataset_.train.samples);
    const auto index = static_cast<int32_t>(dataset_.train.size());
    for (int64_t i = 0; i < dataset_.shape.size(); ++i) {
      pixels.push_back(colour[static_cast<std::size_t>(i % dataset_.shape.channels)]);
    }
    dataset_.train.labels.push_back(0);
    return index;
  }

  std::vector<int32_t> members_of_class() const {
    if (config_.noisy_class < 0 || config_.noisy_class >= dataset_.classes()) {
      fail_usage("there is no class {}; expected 0 to {}", config_.noisy_class,
                 dataset_.classes() - 1);
    }
    std::vector<int32_t> members;
    for (int32_t i = 0; i < dataset_.train.size(); ++i) {
      if (dataset_.train.labels[static_cast<std::size_t>(i)] == config_.noisy_class) {
        members.push_back(i);
      }
    }
    return members;
  }

  Dataset& dataset_;
  const NoiseConfig& config_;
  uint32_t classes_;
  RandomStream examples_;
  RandomStream kinds_;
  RandomStream relabels_;
  ExampleTable table_;
  int64_t count_;
};

}  // namespace

NoiseKind parse_noise(const std::string& text) { return parse("noise", text, kKinds); }
std::string name(NoiseKind kind) { return name_of(kind, kKinds); }
NoiseForm parse_noise_form(const std::string& text) { return parse("noise form", text, kForms); }
std::string name(NoiseForm form) { return name_of(form, kForms); }
Relabel parse_relabel(const std::string& text) { return parse("relabelling", text, kRelabels); }
std::string name(Relabel relabel) { return name_of(relabel, kRelabels); }

int64_t noisy_count(const NoiseConfig& config, int64_t clean) {
  double ratio = config.ratio;
  if (config.percent) {
    const double percent = *config.percent;
    if (!(percent > 0.0 && percent < 100.0)) {
      fail_usage("the noise percentage must be between 0 and 100, not {}", percent);
    }
    ratio = percent / (100.0 - percent);
  } else if (!std::isfinite(ratio) || ratio <= 0.0) {
    fail_usage("the noise ratio must be a positive number, not {}", ratio);
  }
  const double count = std::round(ratio * static_cast<double>(clean));
  // Tables index examples with int32.
  const double most = static_cast<double>(std::numeric_limits<int32_t>::max() - clean);
  if (count < 1.0 || count > most) {
    fail_usage(
        "a noise ratio of {} makes {:.0f} noisy examples of {} clean ones; expected 1 to {:.0f}",
        ratio, count, clean, most);
  }
  return static_cast<int64_t>(count);
}

ExampleTable clean_pool(const Split& train) {
  ExampleTable table;
  table.reserve(train.size());
  for (int32_t i = 0; i < train.size(); ++i) table.append(i, train.labels[i], Origin::kClean);
  return table;
}

ExampleTable make_pool(Dataset& dataset, const NoiseConfig& config, uint64_t seed) {
  if (config.kind == NoiseKind::kClean) return clean_pool(dataset.train);
  if (!std::holds_alternative<std::vector<uint8_t>>(dataset.train.samples)) {
    fail_usage("the noise '{}' is for images, and {} has points; expected 'clean'",
               name(config.kind), dataset.name);
  }
  PoolBuilder builder(dataset, config, seed);
  switch (config.kind) {
    case NoiseKind::kBlank:
      return builder.add_blank();
    case NoiseKind::kDiverse:
      return builder.add_diverse();
    default:
      return builder.add_class();
  }
}

}  // namespace moonpool
