// The presets, switch by switch, as SPEC.md section 6 numbers them.
#include "active/protocol.h"

#include <gtest/gtest.h>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

TEST(Protocol, Paper) {
  const Protocol paper = paper_protocol();
  EXPECT_EQ(paper.name, "paper");
  EXPECT_EQ(paper.max_epochs, 500);  // 1
  EXPECT_EQ(paper.stop_accuracy, 0);
  EXPECT_EQ(paper.stop_ema_accuracy, 0);
  EXPECT_EQ(paper.restart_interval, 0);  // 2
  EXPECT_EQ(paper.ema.decay, 0.999);     // 4
  EXPECT_EQ(paper.ema.rule, EmaDecayRule::kConstant);
  EXPECT_TRUE(paper.ema_starts_as_copy);                     // 5
  EXPECT_EQ(paper.gradient_clamp, 0);                        // 7
  EXPECT_EQ(paper.lhd_capture, LhdCapture::kAfterTraining);  // 8
  EXPECT_FALSE(paper.fine_tuning.at_capture);                // 9
  EXPECT_FALSE(paper.fine_tuning.labelled_too);              // 10
  EXPECT_EQ(paper.fine_tuning.least_confident, 1);
  EXPECT_EQ(paper.fine_tuning.threshold, 0.8);
  EXPECT_EQ(paper.fine_tuning.learning_rate, 1e-2);
  EXPECT_EQ(paper.fine_tuning.max_epochs, 500);
  EXPECT_EQ(paper.fine_tuning.labeller, PseudoLabeller::kEmaModel);  // 11
  EXPECT_EQ(paper.fine_tuning.images.operations, 4);                 // 12
  EXPECT_EQ(paper.fine_tuning.images.cutout, 16);
  EXPECT_FALSE(paper.fine_tuning.images.random_cutout_length);
  EXPECT_FALSE(paper.fine_tuning.images.cutout_after_normalisation);
  EXPECT_FALSE(paper.fine_tuning.images.flip);
  EXPECT_EQ(paper.bald_dropout, 0.5f);  // 13
  EXPECT_FALSE(paper.report_best);      // 15
  EXPECT_TRUE(paper.train_after_last_query);
  EXPECT_FALSE(paper.needs_ema_accuracy());
}

TEST(Protocol, Released) {
  const Protocol released = released_protocol();
  EXPECT_EQ(released.name, "released");
  EXPECT_EQ(released.max_epochs, 499);  // 1
  EXPECT_EQ(released.stop_accuracy, 0.99);
  EXPECT_EQ(released.stop_ema_accuracy, 0.80);
  EXPECT_EQ(released.restart_interval, 50);  // 2
  EXPECT_EQ(released.restart_below, 0.2);
  EXPECT_EQ(released.ema.decay, 0.999);  // 4
  EXPECT_EQ(released.ema.rule, EmaDecayRule::kWarmUp);
  EXPECT_FALSE(released.ema_starts_as_copy);                     // 5
  EXPECT_EQ(released.gradient_clamp, 0.1);                       // 7
  EXPECT_EQ(released.lhd_capture, LhdCapture::kWhenGapShrinks);  // 8
  EXPECT_TRUE(released.fine_tuning.at_capture);                  // 9
  EXPECT_TRUE(released.fine_tuning.labelled_too);                // 10
  EXPECT_EQ(released.fine_tuning.least_confident, 1000);
  EXPECT_EQ(released.fine_tuning.threshold, 0.8);
  EXPECT_EQ(released.fine_tuning.learning_rate, 1e-2);
  EXPECT_EQ(released.fine_tuning.max_epochs, 500);
  EXPECT_EQ(released.fine_tuning.labeller, PseudoLabeller::kMainModel);  // 11
  EXPECT_EQ(released.fine_tuning.images.operations, 4);                  // 12
  EXPECT_EQ(released.fine_tuning.images.cutout, 16);
  EXPECT_TRUE(released.fine_tuning.images.random_cutout_length);
  EXPECT_TRUE(released.fine_tuning.images.cutout_after_normalisation);
  EXPECT_TRUE(released.fine_tuning.images.flip);
  EXPECT_EQ(released.bald_dropout, 0.0f);  // 13
  EXPECT_TRUE(released.report_best);       // 15
  EXPECT_TRUE(released.needs_ema_accuracy());
}

TEST(Protocol, FourMoonsTrainsAHundredEpochsWithoutStopOrRestart) {
  for (const Protocol& general : {paper_protocol(), released_protocol()}) {
    const Protocol moons = for_four_moons(general);
    EXPECT_EQ(moons.name, general.name);
    EXPECT_EQ(moons.max_epochs, 100);
    EXPECT_EQ(moons.stop_accuracy, 0);
    EXPECT_EQ(moons.stop_ema_accuracy, 0);
    EXPECT_EQ(moons.restart_interval, 0);
    EXPECT_EQ(moons.gradient_clamp, 0);
    // The rest is as it was.
    EXPECT_EQ(moons.ema.rule, general.ema.rule);
    EXPECT_EQ(moons.ema_starts_as_copy, general.ema_starts_as_copy);
    EXPECT_EQ(moons.lhd_capture, general.lhd_capture);
    EXPECT_EQ(moons.bald_dropout, general.bald_dropout);
  }
  EXPECT_TRUE(for_four_moons(paper_protocol()).train_after_last_query);
  EXPECT_FALSE(for_four_moons(released_protocol()).train_after_last_query);
}

TEST(Protocol, IsFoundByName) {
  EXPECT_EQ(parse_protocol("paper").name, "paper");
  EXPECT_EQ(parse_protocol("released").name, "released");
  for (const char* name : {"Paper", "", "both"}) {
    try {
      parse_protocol(name);
      ADD_FAILURE() << "no error for " << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_status(), 2);
      EXPECT_NE(std::string(error.what()).find("paper or released"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace moonpool
