#include "tests/golden/golden.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/runtime/error.h"

namespace moonpool {

using nlohmann::json;

struct Golden::File {
  json root;
};

namespace {

const json& as_json(const void* node) { return *static_cast<const json*>(node); }

template <class T>
void append_numbers(const json& node, std::vector<T>& out) {
  if (!node.is_array()) {
    out.push_back(static_cast<T>(node.get<double>()));
    return;
  }
  for (const json& item : node) append_numbers(item, out);
}

}  // namespace

Golden Golden::load(const std::string& file) {
  const std::string path = std::string(MOONPOOL_GOLDEN_DIR) + "/" + file;
  std::ifstream in(path);
  check(in.good(), "{}: cannot be read", path);
  auto parsed = std::make_shared<File>(File{json::parse(in)});
  const void* root = &parsed->root;
  return {std::move(parsed), root};
}

Golden Golden::operator[](const std::string& key) const { return {file_, &as_json(node_).at(key)}; }

Golden Golden::at(std::size_t index) const { return {file_, &as_json(node_).at(index)}; }

std::size_t Golden::size() const {
  check(as_json(node_).is_array(), "a golden value is not a list");
  return as_json(node_).size();
}

std::string Golden::text() const { return as_json(node_).get<std::string>(); }

double Golden::number() const { return as_json(node_).get<double>(); }

template <class T>
std::vector<T> Golden::values() const {
  std::vector<T> out;
  append_numbers(as_json(node_), out);
  return out;
}

template std::vector<float> Golden::values() const;
template std::vector<double> Golden::values() const;
template std::vector<int32_t> Golden::values() const;
template std::vector<int64_t> Golden::values() const;

}  // namespace moonpool
