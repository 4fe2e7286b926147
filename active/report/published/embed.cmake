# Makes a C++ file of the CSV: cmake -DIN=... -DOUT=... -P embed.cmake
file(READ "${IN}" text)
file(WRITE "${OUT}" "// Made of published_results.csv.
namespace moonpool {
extern const char* const kPublishedCsv;
const char* const kPublishedCsv = R\"csv(${text})csv\";
}  // namespace moonpool
")
