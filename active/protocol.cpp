#include "active/protocol.h"

#include "kernels/runtime/error.h"

namespace moonpool {

Protocol paper_protocol() {
  Protocol protocol;
  protocol.name = "paper";
  protocol.ema = {.decay = 0.999, .rule = EmaDecayRule::kConstant};
  return protocol;
}

Protocol released_protocol() {
  Protocol protocol;
  protocol.name = "released";
  protocol.max_epochs = 499;
  protocol.stop_accuracy = 0.99;
  protocol.stop_ema_accuracy = 0.80;
  protocol.restart_interval = 50;
  protocol.restart_below = 0.2;
  protocol.ema = {.decay = 0.999, .rule = EmaDecayRule::kWarmUp};
  protocol.keep_normalisation = true;
  protocol.ema_starts_as_copy = false;
  protocol.ema_statistics = EmaStatistics::kOwnForward;
  protocol.gradient_clamp = 0.1;
  protocol.lhd_capture = LhdCapture::kWhenGapShrinks;
  protocol.bald_dropout = 0;
  protocol.noise_form = NoiseForm::kReleased;
  protocol.fine_tuning.at_capture = true;
  protocol.fine_tuning.labelled_too = true;
  protocol.fine_tuning.least_confident = 1000;
  protocol.fine_tuning.labeller = PseudoLabeller::kMainModel;
  protocol.fine_tuning.images.flip = true;
  protocol.fine_tuning.images.random_cutout_length = true;
  protocol.fine_tuning.images.cutout_after_normalisation = true;
  protocol.report_best = true;
  return protocol;
}

Protocol parse_protocol(const std::string& name) {
  if (name == "paper") return paper_protocol();
  if (name == "released") return released_protocol();
  fail_usage("--protocol {}: unknown protocol; expected paper or released", name);
}

Protocol for_four_moons(Protocol protocol) {
  protocol.max_epochs = 100;
  protocol.stop_accuracy = 0;
  protocol.stop_ema_accuracy = 0;
  protocol.restart_interval = 0;
  protocol.gradient_clamp = 0;
  protocol.train_after_last_query = protocol.name != "released";
  // Neither the paper nor its code fine-tunes here. Training's own rate, and few epochs: up to 90 %
  // of the 30,000 points are confident, so that an epoch has many times the steps of one over S.
  protocol.fine_tuning.learning_rate = 1e-3;
  protocol.fine_tuning.max_epochs = 10;
  return protocol;
}

}  // namespace moonpool
