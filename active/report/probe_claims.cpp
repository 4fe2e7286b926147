#include "active/report/probe_claims.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "active/report/exhibit_cells.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

std::string share_text(std::size_t part, std::size_t whole) {
  return whole == 0 ? "-" : fmt::format("{} of {}", part, whole);
}

/// How a loss goes on after a fifth of the epochs, and where it ends.
struct Settling {
  double later_fall;
  double end;
};

Settling settling_of(const ProbeSummary& probe, OriginMeans ProbeEpoch::*origin) {
  const std::size_t epochs = probe.epochs.size();
  const std::size_t fifth = (epochs + 4) / 5 - 1;
  const double end = (probe.epochs.back().*origin).loss;
  return {(probe.epochs[fifth].*origin).loss - end, end};
}

/// Mean change of a curve from one epoch to the next, whichever way.
double unrest_of(const ProbeSummary& probe, OriginMeans ProbeEpoch::*origin) {
  double sum = 0;
  for (std::size_t i = 1; i < probe.epochs.size(); ++i) {
    sum += std::abs((probe.epochs[i].*origin).gradient - (probe.epochs[i - 1].*origin).gradient);
  }
  return sum / static_cast<double>(std::max<std::size_t>(1, probe.epochs.size() - 1));
}

bool has_both(const ProbeSummary& probe) {
  return probe.epochs.back().clean.examples > 0 && probe.epochs.back().noisy.examples > 0;
}

ReportTable loss_claim(const Exhibit& exhibit, const CellRuns& runs) {
  ReportTable table{.title = "What the paper says of it, and ours",
                    .header = {"Benchmark", "clean falls later", "noisy falls later",
                               "clean at the end", "noisy at the end", "seeds that agree"}};
  for (const Cell& cell : exhibit.cells) {
    std::vector<double> clean_fall, noisy_fall, clean_end, noisy_end;
    std::size_t agree = 0;
    for (const ProbeSummary* probe : probes_of(runs, cell)) {
      if (!has_both(*probe)) continue;
      const Settling clean = settling_of(*probe, &ProbeEpoch::clean);
      const Settling noisy = settling_of(*probe, &ProbeEpoch::noisy);
      clean_fall.push_back(clean.later_fall);
      noisy_fall.push_back(noisy.later_fall);
      clean_end.push_back(clean.end);
      noisy_end.push_back(noisy.end);
      if (clean.later_fall > noisy.later_fall && noisy.end > clean.end) ++agree;
    }
    if (clean_fall.empty()) continue;
    table.rows.push_back({noise_title(cell), mean_text(clean_fall, 3), mean_text(noisy_fall, 3),
                          mean_text(clean_end, 3), mean_text(noisy_end, 3),
                          share_text(agree, clean_fall.size())});
  }
  table.notes = {
      "Paper: the loss of noisy examples soon converges to a poor value, that of clean ones goes "
      "on "
      "falling.",
      "Falls later: by how much, from a fifth of the epochs on. A seed agrees if clean examples "
      "fall by more, and noisy ones end higher."};
  return table;
}

ReportTable gradient_claim(const Exhibit& exhibit, const CellRuns& runs) {
  ReportTable table{.title = "What the paper says of it, and ours",
                    .header = {"Benchmark", "clean, change an epoch", "noisy, change an epoch",
                               "noisy / clean", "seeds that agree"}};
  for (const Cell& cell : exhibit.cells) {
    std::vector<double> clean, noisy, ratio;
    std::size_t agree = 0;
    for (const ProbeSummary* probe : probes_of(runs, cell)) {
      if (!has_both(*probe) || probe->epochs.size() < 2) continue;
      clean.push_back(unrest_of(*probe, &ProbeEpoch::clean));
      noisy.push_back(unrest_of(*probe, &ProbeEpoch::noisy));
      ratio.push_back(noisy.back() / clean.back());
      if (noisy.back() > clean.back()) ++agree;
    }
    if (clean.empty()) continue;
    table.rows.push_back({noise_title(cell), mean_text(clean, 4), mean_text(noisy, 4),
                          mean_text(ratio, 2), share_text(agree, clean.size())});
  }
  table.notes = {
      "Paper: the gradient magnitude of noisy examples varies much more than that of clean ones.",
      "Change an epoch: mean of |this epoch's - the last one's|. A seed agrees if noisy examples "
      "change by more."};
  return table;
}

/// Of seeds that have both groups: in how many a relation holds.
struct Count {
  std::size_t holds = 0;
  std::size_t seeds = 0;
};

template <class Relation>
Count count_seeds(const std::vector<const ProbeSummary*>& probes, const Relation& relation) {
  Count count;
  for (const ProbeSummary* probe : probes) {
    if (!probe->acquisition) continue;
    const std::optional<bool> holds = relation(*probe->acquisition);
    if (!holds) continue;
    ++count.seeds;
    if (*holds) ++count.holds;
  }
  return count;
}

std::optional<bool> noise_is_lowest(const ProbeAcquisition& found) {
  if (found.noisy.examples == 0 || found.easy.examples + found.hard.examples == 0) {
    return std::nullopt;
  }
  return (found.easy.examples == 0 || found.noisy.difference < found.easy.difference) &&
         (found.hard.examples == 0 || found.noisy.difference < found.hard.difference);
}

std::optional<bool> hard_is_above_easy(const ProbeAcquisition& found) {
  if (found.easy.examples == 0 || found.hard.examples == 0) return std::nullopt;
  return found.hard.difference > found.easy.difference;
}

std::string ratio_text(const std::vector<const ProbeSummary*>& probes) {
  std::vector<double> ratios;
  for (const ProbeSummary* probe : probes) {
    if (!probe->acquisition || !hard_is_above_easy(*probe->acquisition)) continue;
    ratios.push_back(probe->acquisition->hard.difference / probe->acquisition->easy.difference);
  }
  return mean_text(ratios, 2);
}

ReportTable acquisition_claim(const Exhibit& exhibit, const CellRuns& runs) {
  ReportTable table{.title = "What the paper says of it, and ours",
                    .header = {"Benchmark", "noisy lowest", "noisy lowest + FT", "hard / easy",
                               "hard / easy + FT", "hard above easy + FT"}};
  for (const Cell& cell : exhibit.cells) {
    if (cell.fine_tuned) continue;
    const auto plain = probes_of(runs, cell);
    const auto tuned = probes_of(runs, with_tuning(cell, true));
    if (plain.empty() && tuned.empty()) continue;
    const auto share = [](const Count& count) { return share_text(count.holds, count.seeds); };
    table.rows.push_back({fmt::format("{}, {}", dataset_of(runs, cell), noise_title(cell)),
                          share(count_seeds(plain, noise_is_lowest)),
                          share(count_seeds(tuned, noise_is_lowest)), ratio_text(plain),
                          ratio_text(tuned), share(count_seeds(tuned, hard_is_above_easy))});
  }
  table.notes = {
      "Paper: ||lh|| is low for noisy examples; with fine-tuning it is much higher for hard clean "
      "examples than for easy ones. Counted in seeds."};
  return table;
}

}  // namespace

ReportTable probe_claim(const Exhibit& exhibit, const CellRuns& runs) {
  switch (exhibit.probe.value()) {
    case ProbeView::kLoss:
      return loss_claim(exhibit, runs);
    case ProbeView::kGradient:
      return gradient_claim(exhibit, runs);
    case ProbeView::kAcquisition:
      break;
  }
  return acquisition_claim(exhibit, runs);
}

}  // namespace moonpool
