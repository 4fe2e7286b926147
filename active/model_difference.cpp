#include "active/model_difference.h"

#include "kernels/acquisition/scores.h"

namespace moonpool {

ModelDifference model_difference(Stream& stream, const Predictions& main, const Predictions& ema) {
  ModelDifference out{.loss = Buffer<float>(stream.device(), main.count),
                      .embedding = Buffer<float>(stream.device(), main.count * main.feature_width),
                      .width = main.feature_width};
  for_each(stream, main.count,
           kernels::LossDifference{main.logits.data(), ema.logits.data(), out.loss.data(),
                                   main.classes});
  for_each_2d(stream, main.count, main.feature_width,
              kernels::LossTimesFeatureDifference{out.loss.data(), main.features.data(),
                                                  ema.features.data(), out.embedding.data(),
                                                  main.feature_width});
  return out;
}

}  // namespace moonpool
