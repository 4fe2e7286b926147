#include "tests/emulator/device/symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

namespace moonpool::emulator {
namespace {

struct Symbol {
  std::string name;  // mangled
  std::size_t bytes;
};

struct Table {
  std::map<uintptr_t, Symbol> functions;      // by address
  std::map<uintptr_t, Symbol> thread_locals;  // by offset in the program's thread-local storage
  uintptr_t thread_local_bytes = 0;
};

template <class T>
std::vector<T> read_array(std::ifstream& file, std::size_t offset, std::size_t bytes) {
  std::vector<T> values(bytes / sizeof(T));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

// Where the program was loaded, less where its file says.
uintptr_t load_offset() {
  uintptr_t offset = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<uintptr_t*>(out) = info->dlpi_addr;
        return 1;
      },
      &offset);
  return offset;
}

void add_symbols(std::ifstream& file, const std::vector<Elf64_Shdr>& sections,
                 const Elf64_Shdr& section, uintptr_t load, Table& table) {
  const auto symbols = read_array<Elf64_Sym>(file, section.sh_offset, section.sh_size);
  const Elf64_Shdr& strings = sections[section.sh_link];
  const auto names = read_array<char>(file, strings.sh_offset, strings.sh_size);
  for (const Elf64_Sym& symbol : symbols) {
    if (symbol.st_shndx == SHN_UNDEF) continue;
    const Symbol entry{&names[symbol.st_name], symbol.st_size};
    if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC) table.functions[load + symbol.st_value] = entry;
    if (ELF64_ST_TYPE(symbol.st_info) == STT_TLS) table.thread_locals[symbol.st_value] = entry;
  }
}

Table read_table() {
  Table table;
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const auto header = read_array<Elf64_Ehdr>(file, 0, sizeof(Elf64_Ehdr)).front();
  const auto sections = read_array<Elf64_Shdr>(file, header.e_shoff,
                                               std::size_t{header.e_shnum} * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_SYMTAB) add_symbols(file, sections, section, load_offset(), table);
  }
  return table;
}

const Table& table() {
  static const auto* const instance = new Table(read_table());
  return *instance;
}

std::string demangle(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  std::string readable = status == 0 ? text : name;
  std::free(text);
  return readable;
}

uintptr_t thread_local_begin() {
  uintptr_t begin = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<uintptr_t*>(out) = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
        return 1;
      },
      &begin);
  return begin;
}

// A variable of a function is mangled as _ZZ, the function without its _Z, E, the name.
bool is_local_to(const Symbol& variable, const std::string& function) {
  return function.size() > 2 && variable.name.starts_with("_ZZ" + function.substr(2) + "E");
}

}  // namespace

std::string symbol_name(const void* address) {
  const auto found = table().functions.find(reinterpret_cast<uintptr_t>(address));
  return found == table().functions.end() ? "(unknown)" : demangle(found->second.name);
}

std::string shared_name(const void* address, uintptr_t dynamic) {
  const auto place = reinterpret_cast<uintptr_t>(address);
  const uintptr_t offset = place - thread_local_begin();
  auto next = table().thread_locals.upper_bound(offset);
  if (next == table().thread_locals.begin()) return "shared memory";
  const auto& [start, variable] = *--next;
  if (thread_local_begin() + start == dynamic) {
    return "byte " + std::to_string(place - dynamic) + " of dynamic shared memory";
  }
  const std::string name = demangle(variable.name);
  const std::size_t scope = name.rfind("::");
  return "byte " + std::to_string(offset - start) + " of " +
         (scope == std::string::npos ? name : name.substr(scope + 2));
}

std::size_t static_shared_bytes(const void* kernel) {
  static auto* const known = new std::map<const void*, std::size_t>;  // asked at every launch
  const auto [entry, is_new] = known->try_emplace(kernel, 0);
  const auto found = table().functions.find(reinterpret_cast<uintptr_t>(kernel));
  if (!is_new || found == table().functions.end()) return entry->second;
  for (const auto& [offset, variable] : table().thread_locals) {
    if (is_local_to(variable, found->second.name)) entry->second += variable.bytes;
  }
  return entry->second;
}

}  // namespace moonpool::emulator
