// TensorBoard's event files: records of TFRecord with Event messages of protocol buffers
// (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moonpool {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);

/// Scalars for TensorBoard. The same scalars give the same bytes: the time of every event is 0.
class EventFile {
 public:
  EventFile();

  /// One value of the curve `tag` at `step`.
  void add_scalar(const std::string& tag, int64_t step, double value);

  /// The whole file. TensorBoard wants "tfevents" in its name.
  const std::string& bytes() const { return bytes_; }

 private:
  void add_record(std::string_view event);
  std::string bytes_;
};

}  // namespace moonpool
