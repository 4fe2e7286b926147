// What a pool looks like to a person (the paper's Figure 2).
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "data/images/image.h"

namespace moonpool {

struct ContactSheetOptions {
  int64_t columns = 16;
  int64_t most_rows = 20;
  uint64_t seed = 1;  // decides which examples are shown
};

/// A row for every class that the oracle may answer, with its name, the number of examples of this
/// origin that have that label, and some of them, drawn at random without replacement. The data set
/// must be of images.
Image contact_sheet(const Dataset& dataset, const ExampleTable& pool, Origin origin,
                    const ContactSheetOptions& options = {});

/// "clean", "noisy" or "relabelled".
const char* name(Origin origin);

}  // namespace moonpool
