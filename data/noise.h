// The noise benchmarks: what is added to the clean training examples of a data set to make a pool
// (paper, section 3; SPEC.md, section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/dataset.h"

namespace moonpool {

enum class NoiseKind {
  kClean,    // nothing
  kBlank,    // Noisy-Blank: one all-black image, again and again, each time with a random label
  kDiverse,  // Noisy-Diverse: solid colours, each with a few possible labels
  kClass,    // Noisy-Class: images of one class, again and again, with random labels
};

/// Whose word counts (switch 14 of the protocol): the paper's text or the released code.
enum class NoiseForm {
  /// Diverse: different colours, uniform over all 2^24. Class: `kinds` images drawn from the class,
  /// which itself stays clean.
  kPaper,
  /// Diverse: the channels are floor(255 u), and colours may coincide. Class: the first `kinds`
  /// images of the class, every image of which is relabelled, too (Origin::kRelabelled).
  kReleased,
};

/// What shares a random label in Noisy-Class.
enum class Relabel {
  kCopy,   // every copy of an image has its own
  kImage,  // all copies of an image have the same
};

struct NoiseConfig {
  NoiseKind kind = NoiseKind::kClean;
  NoiseForm form = NoiseForm::kPaper;
  double ratio = 4;                 // noisy examples per clean one: 4 is 80 % of the pool
  std::optional<double> percent{};  // instead: the noisy share of the pool, 0 to 100 exclusive
  int64_t kinds = 100;              // K: colours of Noisy-Diverse, images of Noisy-Class
  int64_t labels_per_colour = 3;    // different ones
  int64_t noisy_class = 1;          // of Noisy-Class
  Relabel relabel = Relabel::kCopy;
};

/// "clean", "blank", "diverse", "class"; a usage error that lists the names for any other.
NoiseKind parse_noise(const std::string& name);
std::string name(NoiseKind kind);
/// "paper" or "released".
NoiseForm parse_noise_form(const std::string& name);
std::string name(NoiseForm form);
/// "copy" or "image".
Relabel parse_relabel(const std::string& name);
std::string name(Relabel relabel);

/// How many noisy examples come to `clean` ones: round(ratio x clean), or, of a percentage p,
/// round(clean x p / (100 - p)). Usage errors for numbers that make no sense.
int64_t noisy_count(const NoiseConfig& config, int64_t clean);

/// Every sample of `train` once, with its label, in order.
ExampleTable clean_pool(const Split& train);

/// The pool of a benchmark: the clean examples in order, then the noisy ones. Unique samples that
/// the noisy ones need are appended to `dataset.train`; they have no true class, and their entry in
/// `dataset.train.labels` is 0. Relabelling changes the pool's labels and not `dataset`.
///
/// Noise is for images: points are a usage error, as are more kinds than the class has images, more
/// labels per colour than there are classes, and a class that does not exist.
ExampleTable make_pool(Dataset& dataset, const NoiseConfig& config, uint64_t seed);

}  // namespace moonpool
