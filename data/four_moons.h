// Four-Moons, the toy problem of the paper's Figure 1: two of scikit-learn's make_moons sets side
// by side make four classes, and one of them, repeated seven times, has labels that mean nothing.
#pragma once

#include <cstdint>

#include "data/dataset.h"

namespace moonpool {

/// 12,000 points (x, y) with their true classes, in the order of the classes: 0 top left, 1 bottom
/// left, 2 top right, 3 bottom right. The test split holds the same points.
///
/// `noise` is the standard deviation of the normal noise on both coordinates; 0 gives the bare
/// arcs.
Dataset make_four_moons(uint64_t seed, double noise = 0.1);

/// The 30,000 examples of the pool: every point once, in order, then six more copies of each point
/// of class 0. These points have labels drawn uniformly over the four classes, one draw per point,
/// which its copies share; all 21,000 examples of theirs are Origin::kNoisy.
ExampleTable four_moons_pool(const Dataset& four_moons, uint64_t seed);

}  // namespace moonpool
