#include "engine/parameter_set.h"

#include <limits>
#include <numeric>

#include "engine/ops.h"
#include "kernels/runtime/error.h"
#include "tests/device_test.h"
#include "tests/not_finite.h"

namespace moonpool {
namespace {

class ParameterSetTest : public DeviceTest {
 protected:
  /// Two parameters, of six and of four elements.
  struct Small {
    ParameterSet set;
    ParameterSet::Handle weight = set.declare("weight", {2, 3}, 0.5f);
    ParameterSet::Handle bias = set.declare("bias", {4}, 0.25f);
  };

  std::unique_ptr<Small> make(bool with_gradients = true) {
    auto small = std::make_unique<Small>();
    small->set.allocate(device(), with_gradients);
    return small;
  }

  StateDict numbered() {
    StateDict state = {{"weight", {2, 3}, std::vector<float>(6)}, {"bias", {4}, {6, 7, 8, 9}}};
    std::iota(state[0].values.begin(), state[0].values.end(), 0.0f);
    return state;
  }

  std::vector<float> flat(const ParameterSet& set) {
    std::vector<float> host(static_cast<std::size_t>(set.size()));
    stream().copy_to_host(host.data(), set.values(), host.size() * sizeof(float));
    return host;
  }
  std::vector<float> flat_gradients(const ParameterSet& set) {
    std::vector<float> host(static_cast<std::size_t>(set.size()));
    stream().copy_to_host(host.data(), set.gradients(), host.size() * sizeof(float));
    return host;
  }
};

TEST_P(ParameterSetTest, LiesInOneFlatBufferInTheOrderOfDeclaration) {
  const auto small = make();
  EXPECT_EQ(small->set.size(), 10);
  EXPECT_EQ(small->set[small->weight].shape(), (Shape{2, 3}));
  EXPECT_EQ(small->set[small->weight].data<float>(), small->set.values());
  EXPECT_EQ(small->set[small->bias].data<float>(), small->set.values() + 6);
}

TEST_P(ParameterSetTest, StateDictionaryComesBackAsItWas) {
  const auto small = make();
  small->set.load_state_dict(stream(), numbered());
  std::vector<float> expected(10);
  std::iota(expected.begin(), expected.end(), 0.0f);
  EXPECT_EQ(flat(small->set), expected);
  const StateDict state = small->set.state_dict(stream());
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state[0].name, "weight");
  EXPECT_EQ(state[1].name, "bias");
  EXPECT_EQ(state[1].shape, Shape{4});
  EXPECT_EQ(state[1].values, (std::vector<float>{6, 7, 8, 9}));
  const auto other = make();
  other->set.load_state_dict(stream(), state);
  EXPECT_EQ(flat(other->set), expected);
}

TEST_P(ParameterSetTest, TheOrderOfAStateDictionaryDoesNotMatter) {
  const auto small = make();
  StateDict state = numbered();
  std::swap(state[0], state[1]);
  small->set.load_state_dict(stream(), state);
  EXPECT_EQ(flat(small->set)[9], 9.0f);
}

TEST_P(ParameterSetTest, AWrongStateDictionaryThrowsAndChangesNothing) {
  const auto small = make();
  small->set.load_state_dict(stream(), numbered());
  const std::vector<float> before = flat(small->set);

  StateDict ones = numbered();
  for (NamedArray& array : ones) array.values.assign(array.values.size(), 1.0f);
  std::vector<std::pair<StateDict, std::string>> wrong;  // and what the message names
  wrong.push_back({{ones[0]}, "bias"});
  wrong.push_back({{ones[1]}, "weight"});
  StateDict renamed = ones;
  renamed[1].name = "offset";
  wrong.emplace_back(renamed, "bias");
  StateDict unknown = ones;
  unknown.push_back({"extra", {1}, {1}});
  wrong.emplace_back(unknown, "no array extra");
  StateDict twice = ones;
  twice.push_back(ones[0]);
  wrong.emplace_back(twice, "weight is there twice");
  StateDict transposed = ones;
  transposed[0].shape = {3, 2};
  wrong.emplace_back(transposed, "[3, 2]");
  StateDict short_values = ones;
  short_values[1].values.pop_back();
  wrong.emplace_back(short_values, "bias");
  wrong.emplace_back(StateDict{}, "missing");

  for (const auto& [state, part] : wrong) {
    try {
      small->set.load_state_dict(stream(), state);
      ADD_FAILURE() << "no error: " << part;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
    EXPECT_EQ(flat(small->set), before) << part;
  }
}

TEST_P(ParameterSetTest, ANumberThatIsNotFiniteIsFoundWhereverItIs) {
  // More than two rows of sums, and a last one that is not full.
  ParameterSet set;
  set.declare("one", {2000}, 0.5f);
  set.declare_filter("filter", 2, 3, 3, 0.5f);
  set.declare_statistics("norm", 700);
  set.declare("last", {300}, 0.5f);
  set.allocate(device(), true);
  set.initialise(stream(), {.seed = 3, .purpose = RandomPurpose::kWeights});
  EXPECT_EQ(set.first_not_finite(stream()), std::nullopt);
  const struct {
    const char* name;
    int64_t at;
    float value;
  } cases[] = {{"one", 0, std::numeric_limits<float>::quiet_NaN()},
               {"one", 1999, std::numeric_limits<float>::infinity()},
               {"filter", 53, -std::numeric_limits<float>::infinity()},
               {"norm.running_mean", 699, std::numeric_limits<float>::infinity()},
               {"norm.running_var", 699, std::numeric_limits<float>::quiet_NaN()},
               {"last", 299, std::numeric_limits<float>::quiet_NaN()}};
  for (const auto& [name, at, value] : cases) {
    put_number(stream(), set, name, at, value);
    EXPECT_EQ(set.first_not_finite(stream()), name);
    set.initialise(stream(), {.seed = 3, .purpose = RandomPurpose::kWeights});
  }
  // Finite numbers whose sum is not.
  put_number(stream(), set, "one", 0, 3e38f);
  put_number(stream(), set, "one", 32, 3e38f);
  EXPECT_EQ(set.first_not_finite(stream()), std::nullopt);
}

TEST_P(ParameterSetTest, WeightsThatNoTrainingLeavesAreRefusedByName) {
  ParameterSet set;
  set.declare_filter("filter", 2, 3, 3, 0.5f);
  set.declare_statistics("norm", 4);
  set.declare("last", {3}, 0.5f);
  set.allocate(device(), true);
  set.initialise(stream(), {.seed = 3, .purpose = RandomPurpose::kWeights});
  const StateDict good = set.state_dict(stream());
  const std::vector<float> before = flat(set);
  const struct {
    std::size_t array, at;
    float value;
    const char* message;
  } cases[] = {
      {0, 53, std::numeric_limits<float>::quiet_NaN(),
       "state dictionary: element 53 of parameter filter is nan; expected a finite number"},
      {1, 2, -std::numeric_limits<float>::infinity(),
       "state dictionary: element 2 of statistic norm.running_mean is -inf; expected a finite "
       "number"},
      {2, 3, std::numeric_limits<float>::infinity(),
       "state dictionary: element 3 of statistic norm.running_var is inf; expected a finite "
       "number"},
      {2, 0, -0.5f,
       "state dictionary: element 0 of statistic norm.running_var is -0.5; a variance is not "
       "negative"},
      {4, 0, std::numeric_limits<float>::infinity(),
       "state dictionary: element 0 of parameter last is inf; expected a finite number"}};
  for (const auto& [array, at, value, message] : cases) {
    StateDict bad = good;
    bad[array].values[at] = value;
    try {
      set.load_state_dict(stream(), bad);
      ADD_FAILURE() << "no error: " << message;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), message);
    }
    EXPECT_EQ(flat(set), before);
  }
  StateDict zero = good;
  zero[2].values[0] = 0;  // a channel that never changes
  EXPECT_NO_THROW(set.load_state_dict(stream(), zero));
}

TEST_P(ParameterSetTest, NamesThatAWrapperChangedAreExplained) {
  const auto small = make();
  StateDict wrapped = numbered();
  for (NamedArray& array : wrapped) array.name.insert(0, "module.");
  try {
    small->set.load_state_dict(stream(), wrapped);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "state dictionary: parameter weight is missing; the names begin with 'module.': "
                 "save model.module.state_dict()");
  }
}

TEST_P(ParameterSetTest, InitialisesWithinBoundsFromTheKeyAlone) {
  const auto one = make();
  const auto other = make(false);
  const RandomKey key{.seed = 3, .purpose = RandomPurpose::kWeights, .round = 1};
  one->set.initialise(stream(), key);
  other->set.initialise(stream(), key);
  EXPECT_EQ(flat(one->set), flat(other->set));
  const std::vector<float> values = flat(one->set);
  for (int i = 0; i < 10; ++i) EXPECT_LE(std::abs(values[i]), i < 6 ? 0.5f : 0.25f);
  EXPECT_NE(values[0], values[1]);
  EXPECT_NE(values[0], 2 * values[6]);  // parameters have numbers of their own
  other->set.initialise(stream(), {.seed = 3, .purpose = RandomPurpose::kWeights, .round = 2});
  EXPECT_NE(flat(one->set), flat(other->set));
}

TEST_P(ParameterSetTest, CopiesFromASetOfTheSameSizeOnly) {
  const auto one = make();
  const auto other = make(false);
  one->set.load_state_dict(stream(), numbered());
  other->set.copy_from(stream(), one->set);
  EXPECT_EQ(flat(other->set), flat(one->set));
  ParameterSet smaller;
  smaller.declare("weight", {2, 3}, 1.0f);
  smaller.allocate(device(), false);
  EXPECT_THROW(smaller.copy_from(stream(), one->set), Error);
}

TEST_P(ParameterSetTest, AnUnusedParameterGetsAZeroGradient) {
  const auto small = make();
  small->set.load_state_dict(stream(), numbered());
  // What an earlier step may have left.
  const std::vector<float> rubbish(10, std::numeric_limits<float>::quiet_NaN());
  stream().copy_to_device(small->set.gradients(), rubbish.data(), 40);
  small->set.forget_gradients();
  EXPECT_EQ(small->set[small->bias].grad<float>(), nullptr);
  Arena arena(device());
  Tape tape(stream(), arena, Tape::Mode::kRecording);
  tape.backward(ops::mean(tape, small->set[small->weight]));
  small->set.complete_gradients(stream());
  std::vector<float> expected(10, 0.0f);
  std::fill_n(expected.begin(), 6, 1.0f / 6);
  EXPECT_EQ(flat_gradients(small->set), expected);
  EXPECT_NE(small->set[small->bias].grad<float>(), nullptr);
}

TEST_P(ParameterSetTest, GradientsOfASecondStepReplaceTheFirst) {
  const auto small = make();
  small->set.load_state_dict(stream(), numbered());
  Arena arena(device());
  for (int step = 0; step < 3; ++step) {
    small->set.forget_gradients();
    arena.rewind();
    Tape tape(stream(), arena, Tape::Mode::kRecording);
    tape.backward(ops::mean(tape, small->set[small->bias]));
    small->set.complete_gradients(stream());
    EXPECT_EQ(flat_gradients(small->set)[9], 0.25f);
  }
}

TEST_P(ParameterSetTest, WithoutGradientsItIsForInference) {
  const auto small = make(false);
  EXPECT_EQ(small->set.gradients(), nullptr);
  EXPECT_FALSE(small->set[small->weight].requires_grad());
}

TEST_P(ParameterSetTest, DeclareBeforeAllocateOnce) {
  const auto small = make();
  EXPECT_THROW(small->set.declare("late", {1}, 1.0f), Error);
  EXPECT_THROW(small->set.allocate(device(), true), Error);
}

MOONPOOL_TEST_ON_DEVICES(ParameterSetTest);

}  // namespace
}  // namespace moonpool
