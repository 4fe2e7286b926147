#include "models/make_model.h"

#include <algorithm>

#include "kernels/runtime/error.h"
#include "models/mlp.h"
#include "models/resnet18.h"
#include "models/vgg16.h"

namespace moonpool {

int64_t ModelSettings::chosen_width() const {
  if (width != 0 || name == "mlp") return width;
  return name == "vgg16" ? 64 : 16;
}

std::vector<std::string> model_names() { return {"mlp", "resnet18", "vgg16"}; }

void check_model(const ModelSettings& settings) {
  const std::vector<std::string> names = model_names();
  if (std::ranges::find(names, settings.name) == names.end()) {
    fail_usage("--model {}: unknown model; expected {}", settings.name, fmt::join(names, ", "));
  }
  if (settings.width < 0 || settings.width > 1024) {
    fail_usage("--width {}: expected 1 to 1024", settings.width);
  }
  if (settings.name != "mlp") return;
  if (settings.width != 0) fail_usage("--width {}: an MLP has none", settings.width);
  if (settings.precision != Precision::kFp32) {
    fail_usage("--precision {}: an MLP is trained in fp32", name(settings.precision));
  }
}

std::unique_ptr<Classifier> make_model(const ModelSettings& settings, const ImageShape& shape,
                                       int64_t classes, Device device, bool with_gradients) {
  check_model(settings);
  const int64_t width = settings.chosen_width();
  if (settings.name == "resnet18") {
    return std::make_unique<ResNet18>(device, shape, classes, width, settings.precision,
                                      with_gradients);
  }
  if (settings.name == "vgg16") {
    return std::make_unique<Vgg16>(device, shape, classes, width, settings.precision,
                                   with_gradients);
  }
  std::vector<int64_t> widths = {shape.size()};
  widths.insert(widths.end(), settings.hidden.begin(), settings.hidden.end());
  widths.push_back(classes);
  return std::make_unique<Mlp>(device, widths, with_gradients);
}

}  // namespace moonpool
