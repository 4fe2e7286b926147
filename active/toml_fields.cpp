#include "active/toml_fields.h"

#include <toml++/toml.h>

#include "kernels/runtime/error.h"

namespace moonpool {

void TomlWriter::section(const char* name) {
  if (!text_.empty()) text_ += "\n";
  text_ += fmt::format("[{}]\n", name);
}

void TomlWriter::field(const char* key, const std::string& value) {
  text_ += fmt::format("{} = \"", key);
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text_ += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      text_ += c;
    }
  }
  text_ += "\"\n";
}

void TomlWriter::field(const char* key, bool value) {
  text_ += fmt::format("{} = {}\n", key, value);
}

void TomlWriter::field(const char* key, double value) {
  std::string number = fmt::format("{}", value);
  if (number.find_first_of(".en") == std::string::npos) number += ".0";
  text_ += fmt::format("{} = {}\n", key, number);
}

void TomlWriter::field(const char* key, const std::vector<int64_t>& values) {
  text_ += fmt::format("{} = [{}]\n", key, fmt::join(values, ", "));
}

void TomlWriter::integer(const char* key, int64_t value) {
  text_ += fmt::format("{} = {}\n", key, value);
}

struct TomlReader::Document {
  toml::table root;

  const toml::node* find(const std::string& section, const char* key) const {
    const toml::table* table = root[section].as_table();
    return table == nullptr ? nullptr : table->get(key);
  }
};

TomlReader::TomlReader(const std::string& text) {
  try {
    document_ = std::make_unique<Document>(toml::parse(text));
  } catch (const toml::parse_error& error) {
    fail("line {} is no TOML: {}", error.source().begin.line, std::string(error.description()));
  }
}

TomlReader::~TomlReader() = default;

bool TomlReader::has(const char* key) const { return document_->find(section_, key) != nullptr; }

void TomlReader::fail_on(const char* key, const char* expected) const {
  if (!has(key)) fail("the key {}.{} is missing", section_, key);
  fail("the key {}.{} is not {}", section_, key, expected);
}

void TomlReader::field(const char* key, std::string& value) {
  const toml::node* node = document_->find(section_, key);
  if (node == nullptr || !node->is_string()) fail_on(key, "a string");
  value = node->as_string()->get();
}

void TomlReader::field(const char* key, bool& value) {
  const toml::node* node = document_->find(section_, key);
  if (node == nullptr || !node->is_boolean()) fail_on(key, "true or false");
  value = node->as_boolean()->get();
}

void TomlReader::field(const char* key, double& value) {
  const toml::node* node = document_->find(section_, key);
  if (node == nullptr || !node->is_floating_point()) fail_on(key, "a number with a point");
  value = node->as_floating_point()->get();
}

void TomlReader::field(const char* key, float& value) {
  double number = 0;
  field(key, number);
  value = static_cast<float>(number);
}

void TomlReader::field(const char* key, std::vector<int64_t>& values) {
  const toml::node* node = document_->find(section_, key);
  if (node == nullptr || !node->is_array()) fail_on(key, "a list of whole numbers");
  values.clear();
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_integer()) fail_on(key, "a list of whole numbers");
    values.push_back(item.as_integer()->get());
  }
}

int64_t TomlReader::integer(const char* key) {
  const toml::node* node = document_->find(section_, key);
  if (node == nullptr || !node->is_integer()) fail_on(key, "a whole number");
  return node->as_integer()->get();
}

}  // namespace moonpool
