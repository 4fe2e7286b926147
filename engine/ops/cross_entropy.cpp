#include "kernels/loss/cross_entropy.h"

#include "engine/ops.h"
#include "kernels/runtime/error.h"

namespace moonpool::ops {

Tensor cross_entropy(Tape& tape, const Tensor& logits, const int32_t* labels, int32_t* hits) {
  const profile::Layer profiled = tape.profiled("cross_entropy");
  check(logits.shape().rank() == 2 && logits.shape()[1] >= 1,
        "cross_entropy: expected logits [n, classes], not {}", logits.shape());
  const int64_t n = logits.shape()[0];
  const int64_t classes = logits.shape()[1];
  Tensor losses = tape.result({n}, logits.dtype(), {&logits});
  visit_dtype(logits.dtype(), [&]<class T>(T) {
    for_each(tape.stream(), n,
             kernels::CrossEntropy<T>{logits.data<T>(), labels, losses.data<T>(), hits, classes});
    if (losses.requires_grad()) {
      tape.record("cross_entropy", [&tape, logits, labels, losses, n, classes] {
        const auto slot = tape.grad_slot<T>(logits);
        for_each(tape.stream(), n,
                 kernels::CrossEntropyGrad<T>{logits.data<T>(), labels, losses.grad<T>(), slot.data,
                                              classes, slot.accumulate});
      });
    }
  });
  return losses;
}

}  // namespace moonpool::ops
